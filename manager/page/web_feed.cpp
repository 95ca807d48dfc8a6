#include "manager/page/web_feed.hpp"

#include "node/base/value_text.hpp"

namespace gossip {

std::string WebFeed::frame(std::uint64_t number, std::string_view kind, std::string_view data) const {
    std::string text = "id: " + id(number) + "\nevent: ";
    text.append(kind).append("\ndata: ").append(data).append("\n\n");
    return text;
}

void WebFeed::add(std::string_view kind, std::string_view data) {
    frames_.push_back(frame(newest() + 1, kind, data));
    bytes_ += frames_.back().size();
    while (frames_.size() > limits_.events || (bytes_ > limits_.bytes && frames_.size() > 1)) {
        bytes_ -= frames_.front().size();
        frames_.pop_front();
        ++first_;
    }
}

void WebFeed::read(std::uint64_t& position, std::size_t most, std::string& out) const {
    std::size_t added = 0;
    while (position < newest() && (added == 0 || added < most)) {
        const std::string& next = frames_[position + 1 - first_];
        out += next;
        added += next.size();
        ++position;
    }
}

std::string WebFeed::history() const {
    constexpr std::string_view before_kind = "\nevent: ";
    constexpr std::string_view before_data = "\ndata: ";
    std::string out = "[";
    out.reserve(bytes_ + 2);
    for (const std::string& frame : frames_) {
        const std::size_t kind = frame.find(before_kind) + before_kind.size();
        const std::size_t data = frame.find(before_data, kind);
        out += out.size() > 1 ? ",[\"" : "[\"";
        out.append(frame, kind, data - kind).append("\",");
        out.append(frame, data + before_data.size(), frame.size() - data - before_data.size() - 2).append("]");
    }
    return out + "]";
}

std::optional<std::uint64_t> WebFeed::number_of(std::string_view id) const {
    if (!id.starts_with(run_) || id.size() <= run_.size() || id[run_.size()] != '.') return std::nullopt;
    return parse_count(id.substr(run_.size() + 1));
}

}  // namespace gossip
