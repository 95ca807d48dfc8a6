#pragma once
// Commands from elsewhere than the first terminal (ctl, attach, the page), run between batches of events: what would
// hold the network up (wait, sleep, repeat) is taken apart and looked after here.

#include "manager/base/console.hpp"
#include "manager/base/failure.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/condition_watch.hpp"
#include "manager/shell/run_request.hpp"
#include "protocol/types.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gossip {

class Session;

// What one second terminal asked for, and how far it is.
class RemoteJob {
public:
    using Emit = std::function<void(std::string_view kind, std::string_view payload)>;

    RemoteJob(Session& session, RunRequest request, Emit emit);
    // Goes on as far as it can; true when it is done. `wake` is when to look again at the latest.
    bool advance(std::optional<std::chrono::steady_clock::time_point>& wake);
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Step {
        CompiledCommand compiled;
        std::uint64_t times{1};  // of a repeat: rounds still to go
        std::string file{};      // of a sourced file

        [[nodiscard]] const Command& command() const { return compiled.command; }
    };
    struct Waiting {
        std::unique_ptr<WaitRequest> request;  // none: a sleep
        std::unique_ptr<ConditionWatch> watch;
        Duration timeout{};
        Deadline deadline{};
        Step step;
    };

    void parse();
    bool run_next();
    void begin_wait(Step step);
    void begin_sleep(Step step);
    void unroll(Step step);
    void include(const Step& step);
    void put_first(const CompiledScript& script, const std::string& file);
    void run_command(const Step& step);
    bool still_waiting(std::optional<Deadline>& wake);
    void fail(Failure failure, const Step* step);

    Session& session_;
    RunRequest request_;
    Emit emit_;
    Console::Manner manner_;
    std::deque<Step> steps_;
    std::optional<Waiting> waiting_;
    bool parsed_{false};
    bool ended_{false};
    bool left_{false};  // it said exit
    int exit_code_{0};
};

}  // namespace gossip
