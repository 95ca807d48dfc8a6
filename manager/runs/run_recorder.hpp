#pragma once
// Writes a run's events.jsonl, whole lines only, as they happen.

#include "manager/runs/run_folder.hpp"
#include "manager/runs/run_log.hpp"
#include "node/base/descriptor.hpp"

#include <functional>
#include <memory>

namespace gossip {

class RunRecorder {
public:
    // Calls `remark` once when writing fails; recording ends then and the network goes on.
    using Remark = std::function<void(const std::string&)>;
    // From `limit` bytes on, gossip is left out and counted; membership and faults go on to twice the limit.
    [[nodiscard]] static std::variant<std::unique_ptr<RunRecorder>, std::string> open(RunFolder folder,
                                                                                      std::uint64_t limit,
                                                                                      Remark remark);
    ~RunRecorder();
    RunRecorder(const RunRecorder&) = delete;
    RunRecorder& operator=(const RunRecorder&) = delete;

    [[nodiscard]] const RunFolder& folder() const { return folder_; }
    void write(const RunLine& line);
    // Writes the collected lines to the file; called between two batches of events.
    void flush();
    // Writes the last line and completes the manifest.
    void close(RunStamp at, int exit_code, const std::string& trace_hash);

private:
    RunRecorder(RunFolder folder, FileDescriptor file, std::uint64_t limit, Remark remark);
    [[nodiscard]] bool has_room(const RunLine& line);
    void append(const RunLine& line);

    RunFolder folder_;
    FileDescriptor file_;
    std::uint64_t limit_;
    Remark remark_;
    std::string buffer_;
    std::uint64_t bytes_{0};
    std::uint64_t events_{0};
    std::uint64_t dropped_{0};
    bool limited_{false};
};

}  // namespace gossip
