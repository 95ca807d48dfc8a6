#pragma once
// A run as the page's frames from beginning to end: what `replay` serves, and what an exported page carries.

#include "manager/runs/page_frames.hpp"

#include <string>
#include <variant>

namespace gossip {

class PageRecording {
public:
    struct Limits {
        std::size_t waves = 150'000;  // of gossip; a browser holds about that much well
        std::size_t waves_a_second = 20'000;
        std::int64_t slack_ns = 5'000'000;  // how late the state may follow what no event tells; 0: at once
    };

    PageRecording(const ClusterView& view, PageFrames::Facts facts) : PageRecording(view, std::move(facts), Limits{}) {}
    PageRecording(const ClusterView& view, PageFrames::Facts facts, Limits limits);
    PageRecording(const PageRecording&) = delete;
    PageRecording& operator=(const PageRecording&) = delete;

    // The view has been told of it already.
    void take(const NodeEvent& event);
    // Something that no event tells has changed; compared within the slack.
    void changed(RunStamp now);
    // Brings the frames up to this moment.
    void settle(RunStamp now);
    // Any other frame: a JSON object without its time.
    void add(std::string_view kind, const JsonObject& json, std::int64_t mono_ns);
    void line(RunStamp now, char mark, const std::string& text) { frames_.line(now, mark, text); }

    [[nodiscard]] std::size_t size() const { return size_; }
    // [["node",{…}],["wave",{…}],…]
    [[nodiscard]] std::string json() const { return "[" + text_ + "]"; }

private:
    void put(std::string_view kind, const std::string& json);
    // What was held back until a moment before this one.
    void flush(std::int64_t mono_ns, WallMs wall);

    Limits limits_;
    PageFrames frames_;
    std::optional<RunStamp> dirty_;
    std::int64_t wall_offset_ns_{0};  // wall clock less the network's
    std::string text_;
    std::size_t size_{0};
    std::size_t waves_{0};
};

struct RecordedPage {
    std::string json;  // {"kind":"recording","title":…,"frames":[…]}: one line
    std::size_t frames{0};
    std::string remark;  // what is missing: the run goes on, was cut off, or has damaged lines; may be empty
};
// Of a run's folder, called that if nothing else is said; the error is one line.
[[nodiscard]] std::variant<RecordedPage, std::string> page_of_run(const std::string& folder,
                                                                  const std::string& title = {});

}  // namespace gossip
