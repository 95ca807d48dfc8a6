#pragma once
// JSON objects, one line each, for the page and a run's event log. Text from the network stays text: quoted, escaped,
// valid UTF-8.

#include "node/wire/wire_text.hpp"
#include "protocol/names.hpp"

#include <string>
#include <string_view>

namespace gossip {

class JsonObject {
public:
    JsonObject& text(std::string_view name, std::string_view value) {
        key(name);
        wire::append_string(out_, value);
        return *this;
    }
    JsonObject& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
    JsonObject& count(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
    JsonObject& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    JsonObject& node(std::string_view name, NodeId id) { return text(name, node_name(id)); }
    JsonObject& raw(std::string_view name, std::string_view json) {
        key(name);
        out_ += json;
        return *this;
    }
    template <class Ids>
    JsonObject& nodes(std::string_view name, const Ids& ids) {
        std::string list;
        for (const NodeId id : ids) {
            if (!list.empty()) list += ",";
            wire::append_string(list, node_name(id));
        }
        return raw(name, "[" + list + "]");
    }
    [[nodiscard]] std::string done() const { return out_ + "}"; }

private:
    void key(std::string_view name) {
        if (out_.size() > 1) out_ += ",";
        wire::append_string(out_, name);
        out_ += ":";
    }

    std::string out_{"{"};
};

}  // namespace gossip
