#include "manager/view/condition.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>

namespace gossip {
namespace {

enum class LexemeKind : std::uint8_t { word, text, symbol };

struct Lexeme {
    LexemeKind kind{};
    std::string text;
};
using Lexemes = std::vector<Lexeme>;

bool is_symbol(char c) { return std::string_view("()=!<>~").find(c) != std::string_view::npos; }

std::size_t symbol_length(std::string_view rest) {
    return rest.size() > 1 && rest[1] == '=' && std::string_view("=!<>").find(rest[0]) != std::string_view::npos ? 2
                                                                                                                 : 1;
}

std::variant<Lexemes, std::string> cut(std::string_view text) {
    Lexemes out;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == ' ' || c == '\t') {
            ++at;
        } else if (c == '"' || c == '\'') {
            const std::size_t end = text.find(c, at + 1);
            if (end == std::string_view::npos) return std::string("the quote ") + c + " is not closed";
            out.push_back({LexemeKind::text, std::string(text.substr(at + 1, end - at - 1))});
            at = end + 1;
        } else if (is_symbol(c)) {
            const std::size_t length = symbol_length(text.substr(at));
            out.push_back({LexemeKind::symbol, std::string(text.substr(at, length))});
            at += length;
        } else {
            const std::size_t begin = at;
            while (at < text.size() && text[at] != ' ' && text[at] != '\t' && !is_symbol(text[at])) ++at;
            out.push_back({LexemeKind::word, std::string(text.substr(begin, at - begin))});
        }
    }
    return out;
}

// What follows a term's name.
enum class Shape : std::uint8_t { truth, number, nodes, message, votes, log, latency, range };

struct TermSpec {
    std::string_view name;
    Term term;
    Shape shape;
    std::string_view example;
};

constexpr std::array specs{
    TermSpec{"registered", Term::registered, Shape::number, "registered == 10"},
    TermSpec{"members", Term::registered, Shape::number, "members == 10"},
    TermSpec{"removed", Term::removed, Shape::nodes, "removed 7004"},
    TermSpec{"agree", Term::agree, Shape::truth, "agree"},
    TermSpec{"connected", Term::connected, Shape::truth, "connected"},
    TermSpec{"reached", Term::reached, Shape::message, "reached last == all"},
    TermSpec{"coverage", Term::coverage, Shape::message, "coverage(last) >= 0.99"},
    TermSpec{"degree.max", Term::degree_max, Shape::number, "degree.max >= 5"},
    TermSpec{"degree.min", Term::degree_min, Shape::number, "degree.min >= 2"},
    TermSpec{"degree.mean", Term::degree_mean, Shape::number, "degree.mean >= 3"},
    TermSpec{"alive", Term::alive, Shape::nodes, "alive(7003)"},
    TermSpec{"votes", Term::votes_yes, Shape::votes, "votes(remove 7004).yes >= quorum"},
    TermSpec{"log", Term::log, Shape::log, "log 7003 ~ \"DEAD NODE REPORT\""},
    TermSpec{"suspects", Term::suspects, Shape::number, "suspects == 0"},
    TermSpec{"p50", Term::latency, Shape::latency, "p50(latency) < 100ms"},
    TermSpec{"p95", Term::latency, Shape::latency, "p95(latency) < 200ms"},
    TermSpec{"p99", Term::latency, Shape::latency, "p99(latency last) < 1s"},
    TermSpec{"alpha", Term::alpha, Shape::range, "alpha in 2..3.5"},
};

class ConditionParser {
public:
    explicit ConditionParser(Lexemes lexemes) : lexemes_(std::move(lexemes)) {}

    bool run(Condition& out) {
        if (take("not") || take("!")) out.negated = true;
        const std::string name = word();
        if (name.empty()) return fail("a condition is missing, as in: wait registered == 5");
        const auto spec = std::find_if(specs.begin(), specs.end(), [&](const TermSpec& s) { return s.name == name; });
        if (spec == specs.end()) return unknown(name);
        spec_ = &*spec;
        out.term = spec->term;
        return shape(out) && at_end();
    }

    [[nodiscard]] const std::string& error() const { return error_; }

private:
    bool fail(std::string text) {
        error_ = std::move(text);
        return false;
    }
    bool misuse(const std::string& text) { return fail(text + ", as in: " + std::string(spec_->example)); }

    bool unknown(const std::string& name) {
        std::vector<std::string> names;
        for (const TermSpec& spec : specs) names.emplace_back(spec.name);
        const std::string near = closest(name, names);
        return fail("unknown condition \"" + name + "\"" +
                    (near.empty() ? "; see: help wait" : "; did you mean " + near + "?"));
    }

    [[nodiscard]] bool more() const { return at_ < lexemes_.size(); }
    bool take(std::string_view text) {
        if (!more() || lexemes_[at_].kind == LexemeKind::text || lexemes_[at_].text != text) return false;
        ++at_;
        return true;
    }
    std::string word() {
        if (!more() || lexemes_[at_].kind != LexemeKind::word) return {};
        return lexemes_[at_++].text;
    }
    bool at_end() { return !more() || misuse("\"" + lexemes_[at_].text + "\" is too much"); }

    bool shape(Condition& out) {
        switch (spec_->shape) {
            case Shape::truth:
                return true;
            case Shape::nodes:
                return nodes(out);
            case Shape::message:
                return message(out) && comparison(out);
            case Shape::votes:
                return votes(out) && comparison(out);
            case Shape::log:
                return log(out);
            case Shape::latency:
                return latency(out) && comparison(out);
            case Shape::range:
                return take("in") ? range(out) : comparison(out);
            case Shape::number:
                break;
        }
        return comparison(out);
    }

    // SEL, with or without parentheses.
    bool nodes(Condition& out) {
        const bool open = take("(");
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (open && !take(")")) return misuse(") is missing");
        return selector(name, out);
    }

    bool selector(const std::string& name, Condition& out) {
        auto parsed = parse_selector(name);
        if (const auto* problem = std::get_if<std::string>(&parsed)) return fail(*problem);
        out.nodes = std::move(std::get<Selector>(parsed));
        return true;
    }

    bool message(Condition& out) {
        const bool open = take("(");
        out.message = word();
        if (out.message.empty()) return misuse("a message is missing");
        return !open || take(")") || misuse(") is missing");
    }

    // (latency) of all messages, or (latency MESSAGE)
    bool latency(Condition& out) {
        out.quantile = *parse_number(spec_->name.substr(1)) / 100;
        if (!take("(") || !take("latency")) return misuse("(latency) is missing");
        out.message = word();
        return take(")") || misuse(") is missing");
    }

    bool range(Condition& out) {
        const std::string text = word();
        const std::size_t dots = text.find("..");
        const auto low = parse_number(text.substr(0, dots));
        const auto high = dots == std::string::npos ? std::nullopt : parse_number(text.substr(dots + 2));
        if (!low || !high || *low > *high) return misuse("a range is needed");
        out.in_range = true;
        out.bound.source = text;
        out.bound.number = *low;
        out.upper = *high;
        return true;
    }

    bool votes(Condition& out) {
        if (!take("(")) return misuse("( is missing");
        if (take("add")) {
            out.add = true;
        } else if (!take("remove")) {
            return misuse("add or remove is missing");
        }
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (!take(")")) return misuse(") is missing");
        if (take(".no")) {
            out.term = Term::votes_no;
        } else if (!take(".yes")) {
            return misuse(".yes or .no is missing");
        }
        return selector(name, out);
    }

    bool log(Condition& out) {
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (!take("~")) return misuse("~ is missing");
        if (!more()) return misuse("the text is missing");
        out.text = lexemes_[at_++].text;
        return selector(name, out);
    }

    bool comparison(Condition& out) {
        constexpr std::array<std::string_view, 6> symbols{"==", "!=", "<", "<=", ">", ">="};
        out.comparison = Comparison::equal;
        bool found = false;
        for (std::size_t i = 0; i < symbols.size() && !found; ++i) {
            found = take(symbols[i]);
            if (found) out.comparison = static_cast<Comparison>(i);
        }
        if (!found && spec_->term != Term::registered) return misuse("one of == != < <= > >= is missing");
        return bound(out);
    }

    bool bound(Condition& out) {
        Bound& bound = out.bound;
        bound.source = word();
        if (bound.source.empty()) return misuse("the value is missing");
        if (spec_->term == Term::latency) {
            const auto time = parse_duration(bound.source);
            if (!time) return misuse("\"" + bound.source + "\" is not a time");
            bound.number = std::chrono::duration<double, std::milli>(*time).count();
            return true;
        }
        if (bound.source == "all") return bound.kind = Bound::Kind::all, true;
        if (bound.source == "quorum") return bound.kind = Bound::Kind::quorum, true;
        if (bound.source == "seeds") return bound.kind = Bound::Kind::seeds, true;
        const bool percent = bound.source.ends_with('%');
        const auto number = parse_number(percent ? bound.source.substr(0, bound.source.size() - 1) : bound.source);
        if (!number) return misuse("\"" + bound.source + "\" is not a number");
        bound.number = percent ? *number / 100 : *number;
        return true;
    }

    Lexemes lexemes_;
    std::size_t at_{0};
    const TermSpec* spec_{nullptr};
    std::string error_;
};

}  // namespace

std::variant<Condition, std::string> parse_condition(std::string_view text) {
    auto lexemes = cut(text);
    if (auto* problem = std::get_if<std::string>(&lexemes)) return std::move(*problem);
    ConditionParser parser(std::move(std::get<Lexemes>(lexemes)));
    Condition condition;
    condition.source = std::string(trim(text));
    if (!parser.run(condition)) return parser.error();
    return condition;
}

}  // namespace gossip
