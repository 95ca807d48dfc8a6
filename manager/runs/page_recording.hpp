#pragma once
// A run as the page's frames from beginning to end: what `replay` serves, and what an exported page carries.

#include "manager/runs/page_frames.hpp"

#include <string>
#include <variant>

namespace gossip {

class PageRecording {
public:
    struct Limits {
        std::size_t waves = 150'000;  // wave frames; a browser copes with about that many
        std::size_t waves_a_second = 20'000;
        std::int64_t slack_ns = 5'000'000;  // how late node frames may follow a change that has no event; 0: at once
    };

    PageRecording(const ClusterView& view, PageFrames::Facts facts) : PageRecording(view, std::move(facts), Limits{}) {}
    PageRecording(const ClusterView& view, PageFrames::Facts facts, Limits limits);
    PageRecording(const PageRecording&) = delete;
    PageRecording& operator=(const PageRecording&) = delete;

    // The view has applied the event already.
    void apply(const NodeEvent& event);
    // The view changed without an event; node frames follow within the slack.
    void changed(RunStamp now);
    // Adds the frames that are due up to this moment.
    void update(RunStamp now);
    // Adds any other frame; `json` lacks the time.
    void add(std::string_view kind, const JsonObject& json, std::int64_t mono_ns);
    void line(RunStamp now, char mark, const std::string& text) { frames_.line(now, mark, text); }

    [[nodiscard]] std::size_t size() const { return size_; }
    // [["node",{…}],["wave",{…}],…]
    [[nodiscard]] std::string json() const { return "[" + text_ + "]"; }

private:
    void put(std::string_view kind, const std::string& json);
    // Releases lines that were due before this moment.
    void flush(std::int64_t mono_ns, WallMs wall);

    Limits limits_;
    PageFrames frames_;
    std::optional<RunStamp> dirty_;
    std::int64_t wall_offset_ns_{0};  // wall clock minus the network's clock
    std::string text_;
    std::size_t size_{0};
    std::size_t waves_{0};
};

struct RecordedPage {
    std::string json;  // {"kind":"recording","title":…,"strategies":{…},"frames":[…]}: one line
    std::size_t frames{0};
    std::string remark;  // what is missing: the run goes on, was cut off, or has damaged lines; may be empty
};
// The page of a run's folder; its title is the folder unless another is given. The error is one line.
[[nodiscard]] std::variant<RecordedPage, std::string> page_of_run(const std::string& folder,
                                                                  const std::string& title = {});

}  // namespace gossip
