// GraphML (Brandes et al. 2001): <node id> and <edge source target>, at whatever depth; everything else in the file,
// such as keys and data, is passed over. Hyperedges cannot be links and are refused.

#include "node/config/graph_builder.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::string_view blanks = " \t\r\n";

class GraphMlReader {
public:
    GraphMlReader(std::string_view text, GraphBuilder& builder) : text_(text), builder_(builder) {}

    void run() {
        while (!builder_.failed() && to_next_tag()) {
            if (text_.starts_with("<!--")) {
                pass("-->", "a comment");
            } else if (text_.starts_with("<![CDATA[")) {
                pass("]]>", "a CDATA section");
            } else if (text_.starts_with("<?")) {
                pass("?>", "an instruction");
            } else {
                tag(pass(">", "a tag"));
            }
        }
        if (!builder_.failed() && !graph_) builder_.fail("has no <graph> in it");
    }

private:
    bool to_next_tag() {
        const std::size_t at = text_.find('<');
        if (at == std::string_view::npos) return false;
        move(at);
        return true;
    }

    // Moves past `end` and returns the text before it. The error without an `end` names `what`.
    std::string_view pass(std::string_view end, const std::string& what) {
        builder_.at_line(line_);
        const std::size_t at = end == ">" ? end_of_tag() : text_.find(end);
        if (at == std::string_view::npos) {
            builder_.fail(what + " that does not end; close it with " + std::string(end));
            return {};
        }
        const std::string_view passed = text_.substr(0, at);
        move(at + end.size());
        return passed;
    }

    // A > in quotes is part of a value.
    [[nodiscard]] std::size_t end_of_tag() const {
        char quote = 0;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            const char c = text_[i];
            if (quote == 0 && c == '>') return i;
            if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
            } else if (c == quote) {
                quote = 0;
            }
        }
        return std::string_view::npos;
    }

    void tag(std::string_view body) {
        if (body.size() < 2) return;
        body.remove_prefix(1);
        const std::string_view name = local(body.substr(0, body.find_first_of(" \t\r\n/")));
        if (name == "graph") graph_ = true;
        if (name == "hyperedge") return builder_.fail("a hyperedge; a link has two ends, so write it as edges");
        if (name == "node") {
            const auto id = attribute(body, "id");
            if (!id) return builder_.fail("a node without id; add one, as in <node id=\"n0\"/>");
            builder_.node(*id);
        } else if (name == "edge") {
            const auto source = attribute(body, "source");
            const auto target = attribute(body, "target");
            if (!source || !target) {
                return builder_.fail(
                    "an edge without source or target; add it, as in <edge source=\"n0\" target=\"n1\"/>");
            }
            builder_.edge(*source, *target);
        }
    }

    // The name without its namespace prefix.
    static std::string_view local(std::string_view name) {
        const std::size_t colon = name.find(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }

    static std::optional<std::string_view> attribute(std::string_view body, std::string_view wanted) {
        std::size_t at = body.find_first_of(blanks);
        while (at != std::string_view::npos) {
            at = body.find_first_not_of(blanks, at);
            const std::size_t equals = at == std::string_view::npos ? at : body.find('=', at);
            if (equals == std::string_view::npos) return std::nullopt;
            std::string_view name = body.substr(at, equals - at);
            name = name.substr(0, name.find_first_of(blanks));
            const std::size_t open = body.find_first_of("\"'", equals);
            if (open == std::string_view::npos) return std::nullopt;
            const std::size_t close = body.find(body[open], open + 1);
            if (close == std::string_view::npos) return std::nullopt;
            if (name == wanted) return body.substr(open + 1, close - open - 1);
            at = close + 1;
        }
        return std::nullopt;
    }

    void move(std::size_t length) {
        const std::string_view passed = text_.substr(0, length);
        line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
        text_.remove_prefix(length);
    }

    std::string_view text_;
    GraphBuilder& builder_;
    std::size_t line_{1};
    bool graph_{false};
};

}  // namespace

void read_graphml(std::string_view text, GraphBuilder& builder) { GraphMlReader(text, builder).run(); }

}  // namespace gossip
