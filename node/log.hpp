#pragma once
// A node's log: its own file, the network's shared outputfile.txt, and a terminal when it runs in one.
// Lines have the form of document 000: `[2026-02-24 20:32:48] [SEED:6000] INFO - text`.

#include "protocol/log_level.hpp"
#include "protocol/notice.hpp"
#include "protocol/types.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

struct LogOptions {
    Role role{};
    NodeId self{};
    std::string dir;          // holds seed-6000.log or peer-7001.log; empty: no file
    std::string shared_file;  // outputfile.txt; empty: none
    LogLevel level{LogLevel::info};
    bool console{false};  // to stdout as well
    bool colour{false};
};

class NodeLog {
public:
    // Makes the folder when it is missing. The error names the file and the cause.
    [[nodiscard]] static std::variant<std::unique_ptr<NodeLog>, std::string> open(const LogOptions& options);
    ~NodeLog();

    // Writes the notice's lines if its level is logged. Text from the network is escaped.
    void notice(const Notice& notice);
    void line(LogLevel level, std::string_view text);

private:
    struct Sinks;
    explicit NodeLog(std::unique_ptr<Sinks> sinks);
    std::unique_ptr<Sinks> sinks_;
};

// A log line without its time: "[SEED:6000] INFO - …\n".
[[nodiscard]] std::string log_line(Role role, NodeId self, LogLevel level, std::string_view text);
// The log lines of a notice, without their times; empty when its level is below `least`.
[[nodiscard]] std::string notice_lines(Role role, NodeId self, LogLevel least, const Notice& notice);

[[nodiscard]] std::string_view level_name(LogLevel level);  // "WARNING"

}  // namespace gossip
