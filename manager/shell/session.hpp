#pragma once
// What commands work with: the network, the console, the settings, and what is recorded of the run.

#include "manager/base/console.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/log_files.hpp"
#include "manager/network/churn.hpp"
#include "manager/network/managed_network.hpp"
#include "manager/runs/run_recorder.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session_history.hpp"
#include "manager/view/live_log.hpp"
#include "manager/view/selector.hpp"

namespace gossip {

struct Settings {
    Duration wait_timeout = std::chrono::seconds(30);
    Duration settle = std::chrono::seconds(1);  // how long an expect waits for events that are on their way
    bool keep_going{false};
    bool live{true};
};

class Session {
public:
    Session(EventLoop& loop, Console& console, const ManagedNetwork::Factory& factory, Settings settings);

    [[nodiscard]] EventLoop& loop() const { return loop_; }
    [[nodiscard]] Console& console() const { return console_; }
    [[nodiscard]] ManagedNetwork& network() const { return *network_; }
    [[nodiscard]] Settings& settings() { return settings_; }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] LogSearcher& searcher() { return searcher_; }
    [[nodiscard]] Churn& churn() { return churn_; }
    [[nodiscard]] SessionHistory& history() { return history_; }

    // False after exit, quit or the end of input.
    [[nodiscard]] bool open() const { return open_; }
    void close() { open_ = false; }

    // Starts the network; after a failure it is stopped again.
    Result start();
    // Waits, after the last command, until the network has recovered by itself. A simulation checks that.
    Result await_convergence();
    // Stops the peers, then the seeds; names nodes that did not stop in time.
    void finish();

    // Of the script that is running; empty at the prompt.
    [[nodiscard]] const std::string& script_name() const { return script_name_; }
    // The name that was in force before.
    std::string enter_script(const std::string& name) { return std::exchange(script_name_, name); }
    // The failure that a death or a broken invariant is, if there was one that nobody has been told of.
    Result take_death();

    // Waits while events are handled. A failure says why it ended early: Ctrl-C, SIGTERM, or, in a
    // script, a node that died. Running out of time is no failure; see `timed_out`.
    Result wait(const std::function<bool()>& done, std::optional<Duration> timeout, bool& timed_out);
    [[nodiscard]] static Result from_wait(WaitEnd end, const EventLoop& loop);

    // While a second terminal's command runs: a node that dies meanwhile is not that command's failure.
    class Guest {
    public:
        explicit Guest(Session& session) : session_(session) { ++session_.guests_; }
        ~Guest() { --session_.guests_; }
        Guest(const Guest&) = delete;
        Guest& operator=(const Guest&) = delete;

    private:
        Session& session_;
    };

    // Selected nodes; the failure is E_COMMAND.
    std::variant<std::vector<NodeId>, Failure> select(const Selector& selector, Among among);

    // The prompt's text, which describes the network.
    [[nodiscard]] std::string prompt() const;
    // Records the run from now on; called before `start`, so that the bring-up is recorded.
    void record_to(std::unique_ptr<RunRecorder> recorder);
    // Null when the run is not recorded.
    [[nodiscard]] RunRecorder* recorder() const { return recorder_.get(); }
    void record_command(const Command& command) const;
    void record_failure(const Failure& failure) const;
    // The log's last line.
    void close_record(int exit_code, const std::string& trace_hash = {});

    // The page's address with its token; empty: there is none.
    [[nodiscard]] const std::string& page() const { return page_; }
    void set_page(std::string url) { page_ = std::move(url); }

    // Called after anything that may have changed the prompt.
    void set_changed(std::function<void()> changed) { changed_ = std::move(changed); }
    // Called for every event, and with null for changes without an event: for the page.
    void set_onlooker(std::function<void(const NodeEvent*)> onlooker) { onlooker_ = std::move(onlooker); }

    // The same for one command that follows events.
    void set_follower(std::function<void(const NodeEvent&)> follower) { follower_ = std::move(follower); }

private:
    [[nodiscard]] ManagedNetwork::Observers observers();
    [[nodiscard]] RunStamp stamp() const { return {network_->now().time_since_epoch().count(), network_->wall_now()}; }
    void live(const LiveLine& line);
    void tell_onlooker(const NodeEvent* event);
    void handle_event(const NodeEvent& event);
    void handle_death(const ManagedNode& node);
    [[nodiscard]] bool is_broken() const { return !broken_.empty(); }

    EventLoop& loop_;
    Console& console_;
    Settings settings_;
    std::unique_ptr<ManagedNetwork> network_;
    Rng rng_;
    LogSearcher searcher_;
    Churn churn_;
    SessionHistory history_;
    std::unique_ptr<RunRecorder> recorder_;
    std::string page_;
    bool open_{true};
    int guests_{0};
    std::string script_name_;
    std::vector<std::string> deaths_;  // of nodes nobody killed, not reported as a failure yet
    std::string broken_;               // the first invariant that was
    LiveLog live_;
    std::function<void()> changed_;
    std::function<void(const NodeEvent*)> onlooker_;
    std::function<void(const NodeEvent&)> follower_;
};

}  // namespace gossip
