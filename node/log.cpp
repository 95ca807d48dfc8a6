#include "node/log.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/escape.hpp"
#include "node/base/file.hpp"
#include "node/base/written_files.hpp"
#include "protocol/log_text.hpp"
#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>

namespace gossip {
namespace {

constexpr std::size_t rotate_bytes = 10 * 1024 * 1024;
constexpr std::size_t rotated_files = 3;
constexpr const char* pattern = "[%Y-%m-%d %H:%M:%S] %^%v%$";

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// A file that several processes append to. Each line is a single write(), so that lines never interleave; stdio would
// split lines that are longer than its buffer.
class WholeLineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit WholeLineSink(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
        if (!file_) throw std::runtime_error(path + ": " + error_text(errno));
    }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // When the disk is full, lines are lost and the node goes on.
        static_cast<void>(write_all(file_.get(), std::string_view(line.data(), line.size())));
    }
    void flush_() override {}

    FileDescriptor file_;
};

std::string node_tag(Role role, NodeId self) {
    return (role == Role::seed ? "[SEED:" : "[PEER:") + std::to_string(endpoint(self).port) + "] ";
}

std::string own_name(const LogOptions& o) {
    return (o.role == Role::seed ? "seed-" : "peer-") + std::to_string(endpoint(o.self).port) + ".log";
}

// A network's manager shows its nodes' logs by links; through one of them we would write into its run's folder.
void drop_links(const std::string& dir, const std::string& own, const std::string& shared) {
    WrittenFiles written(dir);
    for (const std::string& name : {own, std::filesystem::path(shared).filename().string()}) {
        const auto entry = written.entries().find(name);
        if (entry != written.entries().end() && entry->second == WrittenFiles::Kind::link) written.remove(name);
    }
}

// Escapes the texts of a notice, which a stranger may have chosen: they can neither break nor forge a log line.
Notice harmless(const Notice& notice) {
    Notice copy = notice;
    copy.text = escape_text(notice.text);
    if (notice.rumor) {
        auto rumor = make_rumor(*notice.rumor);
        rumor->id = escape_text(rumor->id);
        rumor->text = escape_text(rumor->text);
        copy.rumor = std::move(rumor);
    }
    return copy;
}

template <class Take>
void for_each_line(const Notice& notice, const Take& take) {
    const std::string text = log_text(harmless(notice));
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        take(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
}

}  // namespace

struct NodeLog::Sinks {
    std::string tag;
    LogLevel level{LogLevel::info};
    spdlog::logger logger{"node"};
};

NodeLog::NodeLog(std::unique_ptr<Sinks> sinks) : sinks_(std::move(sinks)) {}
NodeLog::~NodeLog() = default;

std::variant<std::unique_ptr<NodeLog>, std::string> NodeLog::open(const LogOptions& o) {
    auto sinks = std::make_unique<Sinks>();
    sinks->tag = node_tag(o.role, o.self);
    sinks->level = o.level;
    auto& targets = sinks->logger.sinks();
    try {
        if (!o.dir.empty()) {
            const std::string own = own_name(o);
            std::filesystem::create_directories(o.dir);
            drop_links(o.dir, own, o.shared_file);
            targets.push_back(
                std::make_shared<spdlog::sinks::rotating_file_sink_st>(o.dir + "/" + own, rotate_bytes, rotated_files));
        }
        if (!o.shared_file.empty()) targets.push_back(std::make_shared<WholeLineSink>(o.shared_file));
    } catch (const std::exception& e) {
        return "cannot open the log: " + std::string(e.what()) + "; choose another folder with --log-dir";
    }
    if (o.console) {
        const auto mode = o.colour ? spdlog::color_mode::always : spdlog::color_mode::never;
        targets.push_back(std::make_shared<spdlog::sinks::stdout_color_sink_st>(mode));
    }
    sinks->logger.set_pattern(pattern);
    sinks->logger.set_level(spdlog::level::trace);
    sinks->logger.flush_on(spdlog::level::trace);
    return std::unique_ptr<NodeLog>(new NodeLog(std::move(sinks)));
}

void NodeLog::notice(const Notice& n) {
    const LogLevel level = log_level(n.kind);
    if (level < sinks_->level) return;
    for_each_line(n, [&](std::string_view text) { line(level, text); });
}

void NodeLog::line(LogLevel level, std::string_view text) {
    if (level < sinks_->level) return;
    sinks_->logger.log(spdlog_level(level), "{}{} - {}", sinks_->tag, level_name(level), text);
}

std::string log_line(Role role, NodeId self, LogLevel level, std::string_view text) {
    return node_tag(role, self) + std::string(level_name(level)) + " - " + std::string(text) + "\n";
}

std::string notice_lines(Role role, NodeId self, LogLevel least, const Notice& notice) {
    const LogLevel level = log_level(notice.kind);
    if (level < least) return {};
    std::string lines;
    for_each_line(notice, [&](std::string_view text) { lines += log_line(role, self, level, text); });
    return lines;
}

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::info:
            return "INFO";
        case LogLevel::warning:
            return "WARNING";
        case LogLevel::error:
            return "ERROR";
    }
    return "?";
}

}  // namespace gossip
