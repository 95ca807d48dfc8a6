#pragma once
// The logs of simulated nodes: the lines that real nodes would write, with virtual time.

#include "protocol/log_level.hpp"
#include "protocol/notice.hpp"

#include <map>
#include <string>

namespace gossip {

class SimLogs {
public:
    // `folder` exists; empty: a temporary one when somebody reads, removed at the end.
    SimLogs(std::string folder, LogLevel least);
    ~SimLogs();
    SimLogs(const SimLogs&) = delete;
    SimLogs& operator=(const SimLogs&) = delete;

    void notice(WallMs wall, Role role, NodeId node, const Notice& notice);
    // Of the transport rather than of the machine.
    void info(WallMs wall, Role role, NodeId node, const std::string& text);
    // The file, with everything in it that was said so far.
    [[nodiscard]] std::string file(Role role, NodeId node);

private:
    void append(WallMs wall, Role role, NodeId node, const std::string& lines);
    void write(const std::string& name, std::string& lines);
    void make_temporary();

    std::string folder_;
    LogLevel least_;
    bool temporary_;
    std::map<std::string, std::string> unwritten_;  // by the file's name
};

}  // namespace gossip
