#pragma once
// A seed's durable memory (PROTOCOL.md section 2): an append-only file of records
//     len u32 | crc32c u32 | type u8 | body         (little endian; the sum covers len, type and body)
// written and synced in groups on a thread of its own, so that the loop never waits for a disk.

#include "protocol/machine.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

// What a journal's bytes hold.
//
// A bad record without a good one after it is the torn tail of a write that was never synced, so no message relied on
// it: it is cut off. A bad record before a good one means that synced records are damaged (`damaged`), and the seed
// must not vote from them. As in every log that exists once, the last synced record is assumed not to decay (Alagappan
// et al., Protocol-Aware Recovery, FAST 2018).
struct JournalContents {
    std::vector<Record> records;  // all good ones before the first bad one
    std::uint64_t good_bytes{0};  // where the next record goes
    std::uint64_t torn_bytes{0};  // of a torn tail
    bool damaged{false};
};
[[nodiscard]] JournalContents parse_journal(std::string_view bytes);

// One record in the file's form.
[[nodiscard]] Bytes frame_record(RecordType type, std::string_view body);

[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// "seed-127.0.0.1-6000.journal"
[[nodiscard]] std::string journal_name(NodeId seed);

struct JournalHandlers {
    std::function<void(AppendSeq upto)> persisted;
    // A write or a sync failed. It is never repeated: after a failed fsync the kernel may have dropped the pages, and
    // a second call would report success without them (Rebello et al., ATC 2020). The process has to end.
    std::function<void(const std::string& text)> failed;
};

class Journal {
public:
    struct Opened {
        std::unique_ptr<Journal> journal;
        JournalContents contents;
        std::string moved_to;  // a damaged file is kept under this name; the journal starts empty
    };
    // Creates the file and its folder when missing, locks it against a second process, and recovers its records. The
    // error is a line for the user. Without `durable` records are written and never synced.
    [[nodiscard]] static std::variant<Opened, std::string> open(boost::asio::io_context& io, const std::string& path,
                                                                bool durable);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // The handlers are called from the loop, never from within append() or commit().
    void set_handlers(JournalHandlers handlers);
    void append(const Append& record);
    // Everything appended so far goes to the disk as one group; `persisted` follows.
    void commit();

private:
    class Impl;
    explicit Journal(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace gossip
