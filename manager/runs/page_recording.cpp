#include "manager/runs/page_recording.hpp"

#include "manager/runs/page_strategies.hpp"
#include "manager/runs/run_config.hpp"
#include "manager/runs/run_reader.hpp"

namespace gossip {
namespace {

RunStamp stamp_of(const NodeEvent& event) { return {event.mono_ns, event.wall}; }

// Applies a run's lines to a view and to the frames, one after the other.
class Replayed {
public:
    Replayed()
        : recording_(view_, {[this](NodeId id) { return found(pids_, id); },
                             [this](NodeId id) { return found(faults_, id); }}) {}

    void apply(const RunLine& line) {
        if (closing_) return;
        std::visit([this](const auto& value) { on(value); }, line);
    }

    [[nodiscard]] const PageRecording& finish() {
        recording_.update(last_);
        return recording_;
    }

private:
    template <class Map>
    static typename Map::mapped_type found(const Map& map, NodeId id) {
        const auto it = map.find(id);
        return it == map.end() ? typename Map::mapped_type{} : it->second;
    }

    void on(const NodeEvent& event) {
        last_ = stamp_of(event);
        view_.apply(event);
        recording_.apply(event);
    }
    void on(const RunBegan& r) {
        last_ = r.at;
        view_.configure(r.seeds);
    }
    void on(const RunState& r) {
        if (r.state == NodeState::starting) {
            view_.node_started(r.node, r.role);
            pids_[r.node] = r.pid;
        } else {
            view_.node_state(r.node, r.state);
        }
        changed(r.at);
        if (!is_running(r.state) || r.state == NodeState::paused) recording_.update(r.at);
    }
    void on(const RunStatus& r) {
        view_.apply(r.status);
        changed(r.at);
    }
    void on(const RunFault& r) {
        for (const NodeId id : r.nodes) faults_.erase(id);
        for (const auto& [id, faults] : r.in_force) faults_[id] = faults;
        view_.note({r.at.mono_ns, r.at.wall, r.text, r.nodes});
        changed(r.at);
    }
    void on(const RunCommand& r) {
        last_ = r.at;
        recording_.add("command", JsonObject().text("text", r.text), r.at.mono_ns);
    }
    void on(const RunFailure& r) {
        last_ = r.at;
        recording_.line(r.at, '!', r.word + ": " + r.text);
    }
    void on(const RunLimit& r) {
        recording_.line(r.at, '!', "from here on gossip was not recorded: log.run_megabytes");
    }
    void on(const RunClosing& r) {
        last_ = r.at;
        recording_.update(r.at);
        recording_.line(r.at, '-', "the network is ended");
        closing_ = true;
    }
    void on(const RunEnded&) {}

    void changed(RunStamp at) {
        last_ = at;
        recording_.changed(at);
    }

    ClusterView view_;
    std::map<NodeId, std::int64_t> pids_;
    std::map<NodeId, NodeFaults> faults_;
    RunStamp last_;
    bool closing_{false};
    PageRecording recording_;
};

std::string remark_of(const RunReading& reading) {
    if (reading.unreadable > 0) {
        return std::to_string(reading.unreadable) + " lines of the event log cannot be read and are left out";
    }
    return reading.exit_code ? "" : "the run has not ended in order, or goes on; shown as far as it is recorded";
}

}  // namespace

PageRecording::PageRecording(const ClusterView& view, PageFrames::Facts facts, Limits limits)
    : limits_(limits),
      frames_(view, std::move(facts), limits.waves_a_second,
              [this](std::string_view kind, const std::string& json) { put(kind, json); }) {}

void PageRecording::put(std::string_view kind, const std::string& json) {
    if (kind == "wave" && ++waves_ > limits_.waves) return;
    text_ += text_.empty() ? "[\"" : ",\n[\"";
    text_.append(kind).append("\",").append(json).append("]");
    ++size_;
}

void PageRecording::add(std::string_view kind, const JsonObject& json, std::int64_t mono_ns) {
    flush(mono_ns, 0);
    if (dirty_) update(*dirty_);
    put(kind, "{\"t\":" + std::to_string(mono_ns / 1000) + "," + json.done().substr(1));
}

void PageRecording::flush(std::int64_t mono_ns, WallMs wall) {
    if (wall != 0) wall_offset_ns_ = wall * 1'000'000 - mono_ns;
    const auto due = frames_.release_due();
    if (due && *due <= mono_ns) frames_.release({*due, (*due + wall_offset_ns_) / 1'000'000});
}

void PageRecording::apply(const NodeEvent& event) {
    flush(event.mono_ns, event.wall);
    if (dirty_ && event.mono_ns >= dirty_->mono_ns + limits_.slack_ns) update(*dirty_);
    if (frames_.apply(event)) changed(stamp_of(event));
}

void PageRecording::changed(RunStamp now) {
    if (dirty_ && now.mono_ns >= dirty_->mono_ns + limits_.slack_ns) update(*dirty_);
    if (!dirty_) dirty_ = now;
    if (limits_.slack_ns == 0) update(now);
}

void PageRecording::update(RunStamp now) {
    dirty_.reset();
    flush(now.mono_ns, now.wall);
    frames_.compare(now);
}

std::variant<RecordedPage, std::string> page_of_run(const std::string& folder, const std::string& title) {
    Replayed replayed;
    auto read = read_run(folder, [&](const RunLine& line) { replayed.apply(line); });
    if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
    const PageRecording& recording = replayed.finish();
    JsonObject page;
    page.text("kind", "recording").text("title", title.empty() ? folder : title);
    if (const auto config = config_of_run(folder)) page.raw("strategies", strategies_json(*config));
    page.raw("frames", recording.json());
    return RecordedPage{page.done(), recording.size(), remark_of(std::get<RunReading>(read))};
}

}  // namespace gossip
