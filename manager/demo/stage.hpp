#pragma once
// A network over virtual time for the demo and the lessons: it records the run as the page's frames and computes
// figures of the run so far.

#include "manager/runs/page_recording.hpp"
#include "manager/runs/run_analysis.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gossip {

class Stage {
public:
    // Calls `before` with each event before it is recorded.
    Stage(const NetworkPlan& plan, std::uint32_t loss_percent, std::function<void(const NodeEvent&)> before = {});
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] Session& session() { return session_; }
    [[nodiscard]] const ClusterView& view() const { return session_.network().view(); }
    [[nodiscard]] RunStamp now() const {
        return {session_.network().now().time_since_epoch().count(), session_.network().wall_now()};
    }
    [[nodiscard]] PageRecording& recording() { return recording_; }
    // The analysis of the run so far.
    [[nodiscard]] RunAnalysis figures() const;

    // Runs the command; returns the error that it printed, or nothing.
    [[nodiscard]] std::string carry_out(const CompiledCommand& compiled, const std::string& name);

private:
    // A console that drops all output but errors.
    struct Quiet {
        Console console{false, ColorMode::never, std::nullopt};
        std::string errors;
        Console::Redirection redirection{
            console, {false, false, TableFormat::table}, [this](bool error, std::string_view text) {
                if (error) errors += text;
            }};
    };
    std::unique_ptr<ManagedNetwork> make(const NetworkPlan& plan, std::uint32_t loss_percent,
                                         ManagedNetwork::Observers observers);
    void apply(const NodeEvent* event);

    EventLoop loop_;
    Quiet quiet_;
    RunAnalysis analysis_;
    std::function<void(const NodeEvent&)> before_;
    Session session_;
    PageRecording recording_;
};

}  // namespace gossip
