#include "manager/lab/sweep_file.hpp"

#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include <toml++/toml.h>

namespace gossip {
namespace {

constexpr std::size_t most_values = 1000;

std::string number_text(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
}

std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto whole = node.value_exact<std::int64_t>()) return std::to_string(*whole);
    if (const auto real = node.value_exact<double>()) return number_text(*real);
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    return std::nullopt;
}

class SweepReader {
public:
    SweepReader(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

    std::variant<SweepPlan, std::string> run() {
        for (const auto& [key, node] : table_) {
            if (!take(std::string(key.str()), node)) return error_;
        }
        if (plan_.seeds.empty()) plan_.seeds = {"1", "2", "3", "4", "5"};
        if (plan_.parameters.empty()) return path_ + ": a table [parameters] is missing, as in: peers = \"16:1024|*2\"";
        if (plan_.processes && plan_.script.empty()) {
            return path_ + ": mode = \"run\" needs a script, as in: script = \"experiment.gsh\"";
        }
        std::sort(order_.begin(), order_.end());
        SweepPlan sorted = plan_;
        sorted.parameters.clear();
        for (const auto& [place, index] : order_) sorted.parameters.push_back(plan_.parameters[index]);
        return sorted;
    }

private:
    bool fail(const toml::node& node, const std::string& text) {
        const toml::source_position at = node.source().begin;
        error_ = path_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + text;
        return false;
    }

    bool take(const std::string& key, const toml::node& node) {
        if (key == "parameters" && node.is_table()) return parameters(*node.as_table(), "");
        if (key == "seeds") return values(node, plan_.seeds);
        if (key == "metrics") return values(node, plan_.metrics);
        const auto text = scalar_text(node);
        if (key == "script" && text) return plan_.script = *text, true;
        if (key == "mode" && (text == "sim" || text == "run")) return plan_.processes = text == "run", true;
        if (key == "mode") return fail(node, "mode is \"sim\" (virtual time) or \"run\" (processes)");
        const std::string near = closest(key, {"parameters", "seeds", "metrics", "script", "mode"});
        return fail(node, "unknown key " + key + (near.empty() ? "" : "; did you mean " + near + "?"));
    }

    // overlay.links = 3 is a table of its own in TOML.
    bool parameters(const toml::table& table, const std::string& before) {
        for (const auto& [key, node] : table) {
            const std::string name = before + std::string(key.str());
            if (const toml::table* inner = node.as_table()) {
                if (!parameters(*inner, name + ".")) return false;
                continue;
            }
            // Each seed is a run, and the sweep reads its one line of figures.
            if (name == "runs" || name == "seed" || name == "out" || name == "output") {
                return fail(node, "\"" + name + "\" is the sweep's own: each of its seeds is one run");
            }
            std::vector<std::string> all;
            if (!values(node, all)) return false;
            const toml::source_position at = node.source().begin;
            order_.emplace_back(std::pair(at.line, at.column), plan_.parameters.size());
            plan_.parameters.emplace_back(name, std::move(all));
        }
        return true;
    }

    bool values(const toml::node& node, std::vector<std::string>& out) {
        const toml::array* list = node.as_array();
        const std::size_t count = list == nullptr ? 1 : list->size();
        for (std::size_t i = 0; i < count; ++i) {
            const toml::node& one = list == nullptr ? node : (*list)[i];
            const auto text = scalar_text(one);
            if (!text) return fail(one, "a number, a text or a list of these is needed");
            auto expanded = expand_range(*text);
            if (const auto* problem = std::get_if<std::string>(&expanded)) return fail(one, *problem);
            for (std::string& value : std::get<Values>(expanded)) out.push_back(std::move(value));
        }
        return !out.empty() || fail(node, "no value is left");
    }

    const toml::table& table_;
    std::string path_;
    SweepPlan plan_;
    std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::size_t>> order_;
    std::string error_;
};

}  // namespace

std::variant<Values, std::string> expand_range(const std::string& text) {
    const std::size_t bar = text.find('|');
    const std::size_t colon = text.find(':');
    const auto first = parse_number(text.substr(0, colon));
    const auto last = colon == std::string::npos ? std::nullopt : parse_number(text.substr(colon + 1, bar - colon - 1));
    if (!first || !last) {
        if (bar == std::string::npos) return Values{text};
        return "\"" + text + "\" is not a range such as 16:1024|*2";
    }
    const std::string by = bar == std::string::npos ? "1" : text.substr(bar + 1);
    const bool times = by.starts_with('*');
    const auto step = parse_number(times || by.starts_with('+') ? by.substr(1) : by);
    if (!step || *first > *last || (times ? *step <= 1 || *first <= 0 : *step <= 0)) {
        return "\"" + text + "\" never gets from its first value to its last";
    }
    Values values;
    for (double v = *first; v <= *last * (1 + 1e-12); v = times ? v * *step : v + *step) {
        if (values.size() == most_values) return "\"" + text + "\" has more than 1000 values";
        values.push_back(number_text(v));
    }
    return values;
}

std::vector<std::vector<Setting>> combinations(const SweepPlan& plan) {
    std::vector<std::vector<Setting>> all{{}};
    for (const auto& [name, values] : plan.parameters) {
        std::vector<std::vector<Setting>> longer;
        for (const auto& settings : all) {
            for (const std::string& value : values) {
                longer.push_back(settings);
                longer.back().emplace_back(name, value);
            }
        }
        all = std::move(longer);
    }
    return all;
}

std::variant<SweepPlan, std::string> read_sweep(const std::string& path) {
    try {
        const toml::table table = toml::parse_file(path);
        return SweepReader(table, path).run();
    } catch (const toml::parse_error& error) {
        const toml::source_position at = error.source().begin;
        const std::string where = at.line == 0 ? "" : ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
        return path + where + ": " + std::string(error.description());
    }
}

}  // namespace gossip
