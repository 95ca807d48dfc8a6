#include "node/base/signals.hpp"

#include <csignal>
#include <initializer_list>

namespace gossip {

bool is_ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void handle_termination(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        if (!is_ignored(signal)) ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace gossip
