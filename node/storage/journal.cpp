#include "node/storage/journal.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "protocol/names.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace gossip {
namespace {

namespace fs = std::filesystem;

// Records that are written and synced together. `fresh`: they replace the file instead of being appended to it.
struct Group {
    Bytes bytes;
    AppendSeq upto{0};
    bool fresh{false};

    void add(const Append& record) {
        if (record.compact) {
            bytes.clear();
            fresh = true;
        }
        bytes += frame_record(record.type, record.body);
        upto = record.seq;
    }
    // A later compaction replaces everything before it.
    void add(Group&& later) {
        if (later.fresh) {
            bytes = std::move(later.bytes);
            fresh = true;
        } else {
            bytes += later.bytes;
        }
        upto = later.upto;
    }
    [[nodiscard]] bool empty() const { return bytes.empty(); }
};

std::string why(const std::string& path, const char* action) {
    return "journal " + path + ": cannot " + action + ": " + error_text(errno);
}

}  // namespace

std::string journal_name(NodeId seed) {
    std::string name = node_name(seed);
    std::replace(name.begin(), name.end(), ':', '-');
    return "seed-" + name + ".journal";
}

// The file and the thread that syncs it. Completions in the loop's queue refer to it weakly: it may be gone by then.
class Journal::Impl : public std::enable_shared_from_this<Journal::Impl> {
public:
    Impl(boost::asio::io_context& io, std::string path, bool durable)
        : io_(io), path_(std::move(path)), durable_(durable) {}

    std::string lock();
    std::string recover(Opened& opened);
    void start();
    void stop();
    void commit();

    JournalHandlers handlers;
    Group filling;  // used by the loop only; commit() hands it to the thread

private:
    std::string open_file(int flags);
    std::string set_aside(Opened& opened);
    std::string cut_tail(const JournalContents& contents);
    std::string put(const Group& group);
    std::string replace_file(const Bytes& bytes);
    void run();
    void report(AppendSeq upto, std::string error);

    boost::asio::io_context& io_;
    const std::string path_;
    const bool durable_;
    FileDescriptor lock_;
    FileDescriptor file_;
    bool failed_{false};  // nothing is written after a failure
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable wake_;
    Group waiting_;         // guarded by mutex_
    bool stopping_{false};  // guarded by mutex_
};

// Locks a separate file, because a compaction replaces the journal file.
std::string Journal::Impl::lock() {
    const std::string name = path_ + ".lock";
    std::error_code ignored;  // the open below says what is wrong
    if (const fs::path folder = fs::path(path_).parent_path(); !folder.empty()) fs::create_directories(folder, ignored);
    lock_.reset(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_) return why(path_, "create its lock file");
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return why(path_, "lock it");
    return "journal " + path_ + " is in use by another seed process; give each seed a --state-dir of its own";
}

std::string Journal::Impl::open_file(int flags) {
    file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0600));
    return file_ ? std::string() : why(path_, "open it");
}

std::string Journal::Impl::recover(Opened& opened) {
    if (std::string error = open_file(0); !error.empty()) return error;
    Bytes bytes;
    if (!read_all(file_.get(), bytes)) return why(path_, "read it");
    opened.contents = parse_journal(bytes);
    if (opened.contents.damaged) return set_aside(opened);
    if (opened.contents.torn_bytes > 0) return cut_tail(opened.contents);
    return durable_ && !sync_folder_of(path_) ? why(path_, "sync its folder") : std::string();
}

// Records behind a bad one would never be read again, so the file is moved away and the journal starts empty. The seed
// relearns its state from the others, as after the loss of its disk.
std::string Journal::Impl::set_aside(Opened& opened) {
    opened.moved_to = path_ + ".damaged-" + std::to_string(::getpid());
    if (::rename(path_.c_str(), opened.moved_to.c_str()) != 0) return why(path_, "set the damaged file aside");
    if (std::string error = open_file(0); !error.empty()) return error;
    return sync_folder_of(path_) ? std::string() : why(path_, "sync its folder");
}

std::string Journal::Impl::cut_tail(const JournalContents& contents) {
    if (::ftruncate(file_.get(), static_cast<off_t>(contents.good_bytes)) != 0) return why(path_, "cut its torn tail");
    if (durable_ && ::fsync(file_.get()) != 0) return why(path_, "sync it");
    return {};
}

void Journal::Impl::start() {
    if (durable_) thread_ = std::thread([this] { run(); });
}

void Journal::Impl::stop() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Journal::Impl::commit() {
    if (filling.empty()) return;
    Group group = std::exchange(filling, {});
    if (!durable_) {
        std::string error = put(group);
        report(group.upto, std::move(error));
        return;
    }
    {
        const std::lock_guard guard(mutex_);
        waiting_.add(std::move(group));
    }
    wake_.notify_one();
}

// Runs on the thread. Records that arrive during one sync form the next group.
void Journal::Impl::run() {
    for (;;) {
        Group group;
        {
            std::unique_lock guard(mutex_);
            wake_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            group = std::exchange(waiting_, {});
        }
        std::string error = put(group);
        report(group.upto, std::move(error));
    }
}

std::string Journal::Impl::put(const Group& group) {
    if (failed_) return "journal " + path_ + ": gave up after an earlier failure";
    std::string error;
    if (group.fresh) {
        error = replace_file(group.bytes);
    } else if (!write_all(file_.get(), group.bytes)) {
        error = why(path_, "write");
    } else if (durable_ && ::fdatasync(file_.get()) != 0) {
        error = why(path_, "sync it");
    }
    failed_ = !error.empty();
    return error;
}

// Writes a new file and renames it, so that a crash leaves either the whole old file or the whole new one.
std::string Journal::Impl::replace_file(const Bytes& bytes) {
    const std::string aside = path_ + ".new";
    FileDescriptor next(::open(aside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!next) return why(aside, "create it");
    if (!write_all(next.get(), bytes)) return why(aside, "write");
    if (durable_ && ::fsync(next.get()) != 0) return why(aside, "sync it");
    if (::rename(aside.c_str(), path_.c_str()) != 0) return why(aside, "rename it");
    if (durable_ && !sync_folder_of(path_)) return why(path_, "sync its folder");
    file_ = std::move(next);
    return {};
}

void Journal::Impl::report(AppendSeq upto, std::string error) {
    boost::asio::post(io_, [weak = weak_from_this(), upto, text = std::move(error)] {
        const auto self = weak.lock();
        if (!self) return;
        if (text.empty()) {
            if (self->handlers.persisted) self->handlers.persisted(upto);
        } else if (self->handlers.failed) {
            self->handlers.failed(text);
        }
    });
}

std::variant<Journal::Opened, std::string> Journal::open(boost::asio::io_context& io, const std::string& path,
                                                         bool durable) {
    auto impl = std::make_shared<Impl>(io, path, durable);
    if (std::string error = impl->lock(); !error.empty()) return error;
    Opened opened;
    if (std::string error = impl->recover(opened); !error.empty()) return error;
    impl->start();
    opened.journal.reset(new Journal(std::move(impl)));
    return opened;
}

Journal::Journal(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Journal::~Journal() {
    impl_->commit();
    impl_->stop();
}

void Journal::set_handlers(JournalHandlers handlers) { impl_->handlers = std::move(handlers); }

void Journal::append(const Append& record) { impl_->filling.add(record); }

void Journal::commit() { impl_->commit(); }

}  // namespace gossip
