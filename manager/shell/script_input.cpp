#include "manager/shell/script_input.hpp"

#include "manager/base/terminal.hpp"
#include "node/base/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace gossip {
namespace {

// epoll refuses files and folders, and they never block.
bool is_plain_file(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

}  // namespace

ScriptInput::ScriptInput(boost::asio::io_context& io, int fd) : fd_(fd) {
    if (is_plain_file(fd)) {
        while (!ended_) read_some();
        return;
    }
    descriptor_ = std::make_unique<boost::asio::posix::stream_descriptor>(io, reopened(fd));
    await_input();
}

void ScriptInput::await_input() {
    descriptor_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (error == boost::asio::error::operation_aborted) return;
                                read_some();
                                if (!ended_) await_input();
                            });
}

void ScriptInput::read_some() {
    std::array<char, 4096> buffer;
    const int fd = descriptor_ ? descriptor_->native_handle() : fd_;
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size > 0)
        unread_.append(buffer.data(), static_cast<std::size_t>(size));
    else if (size == 0)
        ended_ = true;
    else if (errno != EINTR && errno != EAGAIN)
        ended_ = true, problem_ = error_text(errno);
}

bool ScriptInput::fill() {
    while (!complete_) {
        const std::size_t end = unread_.find('\n');
        if (end == std::string::npos && (!ended_ || unread_.empty())) break;
        if (block_.text.empty()) block_line_ = next_line_;
        const std::size_t size = end == std::string::npos ? unread_.size() : end + 1;
        block_ = parse_text(block_.text + unread_.substr(0, size), block_line_);
        unread_.erase(0, size);
        ++next_line_;
        complete_ = !block_.incomplete();
    }
    return complete_ || (ended_ && !block_.text.empty());
}

bool ScriptInput::ready() { return fill() || (ended_ && unread_.empty()); }

std::optional<ParsedText> ScriptInput::take() {
    if (!fill()) return std::nullopt;
    complete_ = false;
    return std::exchange(block_, {});
}

}  // namespace gossip
