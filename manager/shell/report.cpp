#include "manager/shell/report.hpp"

#include "manager/base/console.hpp"
#include "manager/base/event_loop.hpp"

namespace gossip {

int report(Console& console, const Failure& failure, const EventLoop* loop) {
    if (!failure.printed) console.error(error_word(failure.kind), failure.where, failure.text);
    if (failure.kind == ErrorKind::terminated && loop != nullptr) return 128 + loop->termination();
    return exit_code(failure.kind);
}

}  // namespace gossip
