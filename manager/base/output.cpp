#include "manager/base/output.hpp"

#include "manager/base/failure.hpp"
#include "node/base/file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace gossip {
namespace {

int first_error = 0;

// Where stdio keeps a whole text until it is flushed, the error is still known then: without it, text that did not fit
// was lost with no more than a flag.
std::array<char, 256 * 1024> output_kept;

bool reader_left() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return ::poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

void note(int error) {
    if (first_error == 0 && error != EPIPE && !reader_left()) first_error = error;
}

void flush() {
    errno = 0;
    const bool failed = std::fflush(stdout) != 0;
    if (failed || std::ferror(stdout) != 0) note(errno == 0 ? EIO : errno);
    std::clearerr(stdout);
}

}  // namespace

void open_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) < 0) ::open(fd == STDOUT_FILENO ? "/dev/full" : "/dev/null", O_RDWR);
    }
    if (::isatty(STDOUT_FILENO) == 0) std::setvbuf(stdout, output_kept.data(), _IOFBF, output_kept.size());
}

void write_output(std::string_view text) {
    flush();
    if (!write_all(STDOUT_FILENO, text)) note(errno);
}

int with_output_checked(int code) {
    flush();
    if (first_error == 0 || code != 0) return code;
    return complain(ErrorKind::command, "output is lost: cannot write to stdout: " + error_text(first_error));
}

}  // namespace gossip
