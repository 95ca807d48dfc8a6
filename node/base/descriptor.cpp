#include "node/base/descriptor.hpp"

#include <unistd.h>

namespace gossip {

void FileDescriptor::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

}  // namespace gossip
