#include "manager/runs/run_recorder.hpp"

#include "node/base/file.hpp"

#include <fcntl.h>

#include <cerrno>

namespace gossip {
namespace {

constexpr std::size_t buffer_limit = 256 * 1024;  // a larger buffer is written at once

RunStamp stamp_of(const RunLine& line) {
    return std::visit(
        [](const auto& value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, NodeEvent>) {
                return RunStamp{value.mono_ns, value.wall};
            } else {
                return value.at;
            }
        },
        line);
}

}  // namespace

RunRecorder::RunRecorder(RunFolder folder, FileDescriptor file, std::uint64_t limit, Remark remark)
    : folder_(std::move(folder)), file_(std::move(file)), limit_(limit), remark_(std::move(remark)) {}

RunRecorder::~RunRecorder() { flush(); }

std::variant<std::unique_ptr<RunRecorder>, std::string> RunRecorder::open(RunFolder folder, std::uint64_t limit,
                                                                          Remark remark) {
    const std::string path = folder.file("events.jsonl");
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!file) return "cannot write " + path + ": " + error_text(errno);
    return std::unique_ptr<RunRecorder>(new RunRecorder(std::move(folder), std::move(file), limit, std::move(remark)));
}

bool RunRecorder::has_room(const RunLine& line) {
    if (bytes_ < limit_) return true;
    if (!std::exchange(limited_, true)) append(RunLimit{stamp_of(line), limit_});
    return !is_gossip(line) && bytes_ < 2 * limit_;
}

void RunRecorder::append(const RunLine& line) {
    const std::string text = encode(line);
    buffer_ += text;
    bytes_ += text.size();
    ++events_;
}

void RunRecorder::write(const RunLine& line) {
    if (!file_) return;
    if (!has_room(line)) {
        ++dropped_;
        return;
    }
    append(line);
    if (buffer_.size() >= buffer_limit) flush();
}

void RunRecorder::flush() {
    if (buffer_.empty() || !file_) return;
    const bool written = write_all(file_.get(), buffer_);
    const int error = errno;
    buffer_.clear();
    if (written) return;
    file_.reset();
    remark_("this run is no longer recorded: cannot write " + folder_.file("events.jsonl") + ": " + error_text(error));
}

void RunRecorder::close(RunStamp at, int exit_code, const std::string& trace_hash) {
    append(RunEnded{at, exit_code, dropped_, trace_hash});
    flush();
    file_.reset();
    folder_.close({exit_code, events_, dropped_, bytes_, trace_hash});
}

}  // namespace gossip
