// GML (Himsolt 1997): keys with values, where a value is a number, a text in quotes or a list in brackets. Only
// graph [ node [ id ] … edge [ source target ] … ] is used.

#include "node/config/graph_builder.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::size_t depth_limit = 64;

class GmlReader {
public:
    GmlReader(std::string_view text, GraphBuilder& builder) : text_(text), builder_(builder) {}

    void run() {
        while (!builder_.failed()) {
            const std::string_view key = token();
            if (key.empty()) break;
            value(key);
        }
        if (builder_.failed()) return;
        if (!open_.empty()) return builder_.fail("ends within \"" + open_.back().key + " [\"; close it with a ]");
        if (!graph_) builder_.fail("has no graph [ … ] in it");
    }

private:
    struct List {
        std::string key;
        std::size_t line;
        std::optional<std::string> id;
        std::optional<std::string> source;
        std::optional<std::string> target;
    };

    // Reads what follows `key`: a value, or the beginning of a list. A key "]" ends the open list.
    void value(std::string_view key) {
        if (quoted_) return builder_.fail("a text where a key is expected");
        if (key == "]") return close();
        if (key == "[") return builder_.fail("a [ without a key before it");
        const std::string name(key);
        const std::string_view value = token();
        if (!quoted_ && value == "[") return open(name);
        if (value.empty() || (!quoted_ && value == "]")) return builder_.fail("key " + name + " has no value");
        if (open_.empty()) return;
        List& list = open_.back();
        if (name == "id") list.id = value;
        if (name == "source") list.source = value;
        if (name == "target") list.target = value;
    }

    void open(const std::string& key) {
        if (open_.size() >= depth_limit) return builder_.fail("lists are nested too deeply");
        open_.push_back({key, line_, {}, {}, {}});
        if (open_.size() == 1 && key == "graph") graph_ = true;
    }

    void close() {
        if (open_.empty()) return builder_.fail("a ] too many; no list is open");
        const List list = std::move(open_.back());
        open_.pop_back();
        if (open_.size() != 1 || open_.front().key != "graph") return;
        builder_.at_line(list.line);
        if (list.key == "node") {
            if (!list.id) return builder_.fail("a node without id; add one, as in: node [ id 1 ]");
            builder_.node(*list.id);
        } else if (list.key == "edge") {
            if (!list.source || !list.target) {
                return builder_.fail("an edge without source or target; add it, as in: edge [ source 1 target 2 ]");
            }
            builder_.edge(*list.source, *list.target);
        }
        builder_.at_line(line_);
    }

    // Returns a bracket, a text without its quotes, or a word; empty at the end.
    std::string_view token() {
        skip();
        builder_.at_line(line_);
        quoted_ = false;
        if (text_.empty()) return {};
        if (text_.front() == '[' || text_.front() == ']') return take(1);
        if (text_.front() != '"') return take(std::min(text_.find_first_of(" \t\r\n[]\"#"), text_.size()));
        const std::size_t end = text_.find('"', 1);
        if (end == std::string_view::npos) {
            builder_.fail("a text that begins with \" and does not end");
            return {};
        }
        const std::string_view quoted = take(end + 1);
        line_ += static_cast<std::size_t>(std::count(quoted.begin(), quoted.end(), '\n'));
        quoted_ = true;
        return quoted.size() == 2 ? std::string_view(" ") : quoted.substr(1, quoted.size() - 2);
    }

    void skip() {
        while (!text_.empty()) {
            if (text_.front() == '#') {
                take(std::min(text_.find('\n'), text_.size()));
            } else if (std::string_view(" \t\r\n").find(text_.front()) != std::string_view::npos) {
                line_ += text_.front() == '\n' ? 1 : 0;
                take(1);
            } else {
                return;
            }
        }
    }

    std::string_view take(std::size_t length) {
        const std::string_view taken = text_.substr(0, length);
        text_.remove_prefix(length);
        return taken;
    }

    std::string_view text_;
    GraphBuilder& builder_;
    std::size_t line_{1};
    bool graph_{false};
    bool quoted_{false};  // the last token was a text in quotes
    std::vector<List> open_;
};

}  // namespace

void read_gml(std::string_view text, GraphBuilder& builder) { GmlReader(text, builder).run(); }

}  // namespace gossip
