#include "node/config/config_keys.hpp"

#include "node/base/value_text.hpp"
#include "node/base/words.hpp"
#include "node/config/graph_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <span>
#include <utility>

namespace gossip {
namespace {

bool is_text(const Assignment& a) { return a.form == ValueForm::text || a.form == ValueForm::untyped; }

template <class T>
std::optional<T> number_of(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string trimmed_real(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    std::string text(buffer.data(), end);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

// ---- a function for each type of key; `field` returns the field of a LoadedConfig

template <class Field>
ConfigKey duration_key(std::string_view name, Field field) {
    return {name,
            [field](LoadedConfig& c, const Assignment& a) -> std::string {
                const auto value = is_text(a) ? parse_duration(a.value) : std::nullopt;
                if (!value) return "must be a duration such as \"5s\", \"100ms\" or \"2m\"";
                field(c) = *value;
                return {};
            },
            [field](const LoadedConfig& c) { return toml_string(duration_text(field(c))); }};
}

template <class Field>
ConfigKey count_key(std::string_view name, Field field, std::uint32_t low, std::uint32_t high) {
    return {name,
            [field, low, high](LoadedConfig& c, const Assignment& a) -> std::string {
                const bool fits = a.form == ValueForm::integer || a.form == ValueForm::untyped;
                const auto value = fits ? number_of<std::int64_t>(a.value) : std::nullopt;
                if (!value) return "must be a whole number";
                if (*value < low || *value > high) {
                    return "must be in " + std::to_string(low) + ".." + std::to_string(high);
                }
                field(c) = static_cast<std::uint32_t>(*value);
                return {};
            },
            [field](const LoadedConfig& c) { return std::to_string(field(c)); }};
}

std::optional<double> real_of(const Assignment& a) {
    if (a.form == ValueForm::text || a.form == ValueForm::boolean || a.form == ValueForm::other) return std::nullopt;
    return number_of<double>(a.value);
}

template <class Field>
ConfigKey real_key(std::string_view name, Field field, double low, double high) {
    return {name,
            [field, low, high](LoadedConfig& c, const Assignment& a) -> std::string {
                const auto value = real_of(a);
                if (!value) return "must be a number";
                if (!(*value >= low && *value <= high)) {
                    return "must be in " + trimmed_real(low) + ".." + trimmed_real(high);
                }
                field(c) = *value;
                return {};
            },
            [field](const LoadedConfig& c) { return trimmed_real(field(c)); }};
}

template <class Field>
ConfigKey flag_key(std::string_view name, Field field) {
    return {name,
            [field](LoadedConfig& c, const Assignment& a) -> std::string {
                const bool fits = a.form == ValueForm::boolean || a.form == ValueForm::untyped;
                if (!fits || (a.value != "true" && a.value != "false")) return "must be true or false";
                field(c) = a.value == "true";
                return {};
            },
            [field](const LoadedConfig& c) { return std::string(field(c) ? "true" : "false"); }};
}

template <class Field>
ConfigKey text_key(std::string_view name, Field field) {
    return {name,
            [field](LoadedConfig& c, const Assignment& a) -> std::string {
                if (!is_text(a)) return "must be text in quotes";
                if (a.value.find('\0') != std::string::npos) return "must not hold a zero byte";
                field(c) = a.value;
                return {};
            },
            [field](const LoadedConfig& c) { return toml_string(field(c)); }};
}

// An empty one would mean the root of the file system.
ConfigKey log_folder_key() {
    ConfigKey key = text_key(
        "log.dir", [](auto& c) -> auto& { return c.node.log_dir; });
    key.set = [set = key.set](LoadedConfig& c, const Assignment& a) {
        return a.value.empty() ? "must name a folder, as in \"logs\"" : set(c, a);
    };
    return key;
}

// `words` are in the order of the enum's values.
template <class Field>
ConfigKey choice_key(std::string_view name, Field field, std::vector<std::string_view> words) {
    return {name,
            [field, words](LoadedConfig& c, const Assignment& a) -> std::string {
                const auto it = std::find(words.begin(), words.end(), a.value);
                if (is_text(a) && it != words.end()) {
                    auto& place = field(c);
                    place = static_cast<std::remove_reference_t<decltype(place)>>(it - words.begin());
                    return {};
                }
                std::string list;
                for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + toml_string(word);
                return words.size() == 1 ? "must be " + list + " in this version" : "must be one of " + list;
            },
            [field, words](const LoadedConfig& c) { return toml_string(words[static_cast<std::size_t>(field(c))]); }};
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> range_of(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto low = number_of<std::uint32_t>(text.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : number_of<std::uint32_t>(text.substr(dash + 1));
    if (!low || !high || *low > *high) return std::nullopt;
    return std::pair{*low, *high};
}

std::string range_toml(std::uint32_t low, std::uint32_t high) {
    return toml_string(std::to_string(low) + "-" + std::to_string(high));
}

// ---- keys with a format of their own

ConfigKey web_listen_key() {
    return {"web.listen",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                if (!is_text(a)) return "must be text in quotes, as in \"127.0.0.1:8080\"";
                const auto read = read_endpoint(a.value);
                if (const auto* error = std::get_if<std::string>(&read)) return *error;
                c.node.web_listen = a.value;
                return {};
            },
            [](const LoadedConfig& c) { return toml_string(c.node.web_listen); }};
}

ConfigKey witnesses_key() {
    return {"liveness.witnesses",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                const auto range = is_text(a) ? range_of(a.value) : std::nullopt;
                if (!range || range->first < 1 || range->second > 64) return "must be a range in 1..64, as in \"3-7\"";
                c.config.liveness.witnesses_min = range->first;
                c.config.liveness.witnesses_max = range->second;
                return {};
            },
            [](const LoadedConfig& c) {
                return range_toml(c.config.liveness.witnesses_min, c.config.liveness.witnesses_max);
            }};
}

ConfigKey ports_key() {
    return {
        "ports.peers",
        [](LoadedConfig& c, const Assignment& a) -> std::string {
            const auto range = is_text(a) ? range_of(a.value) : std::nullopt;
            if (!range || range->first < 1 || range->second > 65535) {
                return "must be a range of ports, as in \"7000-7999\"";
            }
            c.node.peer_ports = {static_cast<std::uint16_t>(range->first), static_cast<std::uint16_t>(range->second)};
            return {};
        },
        [](const LoadedConfig& c) { return range_toml(c.node.peer_ports.first, c.node.peer_ports.last); }};
}

// A key whose value names a row of one of the protocol's tables.
template <class Field, class Row>
ConfigKey row_key(std::string_view name, Field field, std::span<const Row* const> rows) {
    return {name,
            [field, rows](LoadedConfig& c, const Assignment& a) -> std::string {
                std::string list;
                for (const Row* row : rows) {
                    if (is_text(a) && row->name() == a.value) return field(c) = row, std::string();
                    list += (list.empty() ? "" : ", ") + toml_string(row->name());
                }
                return "must be one of " + list;
            },
            [field](const LoadedConfig& c) { return toml_string(field(c)->name()); }};
}

std::string take_graph(LoadedConfig& c, ReadGraph read) {
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    c.config.overlay.given = std::get<std::shared_ptr<const GivenLinks>>(std::move(read));
    return {};
}

// The file is read when the key is set. A printed configuration holds the links themselves as overlay.edges, so that a
// host without the file can use it. An empty value changes nothing, because the other key may have set the links.
ConfigKey graph_file_key() {
    return {"overlay.file",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                if (!is_text(a)) return "must be the name of a file in quotes";
                return a.value.empty() ? std::string() : take_graph(c, read_graph_file(a.value));
            },
            [](const LoadedConfig&) { return toml_string(""); }};
}

ConfigKey graph_key() {
    return {"overlay.edges",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                if (!is_text(a)) return "must be text in quotes, as in \"3: 0-1 1-2\"";
                return a.value.empty() ? std::string() : take_graph(c, parse_graph_text(a.value));
            },
            [](const LoadedConfig& c) {
                return toml_string(c.config.overlay.given ? graph_text(*c.config.overlay.given) : "");
            }};
}

ConfigKey replace_key() {
    return {"overlay.replace",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                const auto value = real_of(a);
                if (!value || !(*value >= 0.0 && *value <= 1.0)) return "must be a probability in 0.0..1.0";
                c.config.overlay.replace_per_million = static_cast<std::uint32_t>(*value * 1e6 + 0.5);
                return {};
            },
            [](const LoadedConfig& c) { return trimmed_real(c.config.overlay.replace_per_million / 1e6); }};
}

ConfigKey profile_key() {
    return {
        "network.profile",
        [](LoadedConfig& c, const Assignment& a) -> std::string {
            if (!is_text(a) || !apply_profile(c.config, a.value)) {
                return R"(must be one of "classic", "fast", "wan", "doc000", "doc001", "doc002", "doc003", "doc004")";
            }
            c.node.profile = a.value;
            return {};
        },
        [](const LoadedConfig& c) { return toml_string(c.node.profile); }};
}

ConfigKey tls_key() {
    return {"security.tls",
            [](LoadedConfig& c, const Assignment& a) -> std::string {
                if (is_text(a) && (a.value == "auto" || a.value == "off")) {
                    c.node.tls = a.value;
                    return {};
                }
                if (a.value == "on" || a.value == "required") return "TLS is not available in this version";
                return R"(must be one of "auto", "off")";
            },
            [](const LoadedConfig& c) { return toml_string(c.node.tls); }};
}

// Returns a reference to the field, const or not.
#define GOSSIP_FIELD(path) \
    [](auto& c) -> auto& { return c.path; }

void add_node_keys(std::vector<ConfigKey>& keys) {
    constexpr auto any = std::numeric_limits<std::uint32_t>::max();
    keys.push_back(profile_key());
    keys.push_back(count_key("network.initial_peers", GOSSIP_FIELD(node.initial_peers), 0, 100'000));
    keys.push_back(ports_key());
    keys.push_back(duration_key("gossip.interval", GOSSIP_FIELD(config.gossip.interval)));
    keys.push_back(duration_key("gossip.first_after", GOSSIP_FIELD(config.gossip.first_after)));
    keys.push_back(count_key("gossip.max_messages", GOSSIP_FIELD(config.gossip.max_messages), 0, any));
    keys.push_back(row_key("gossip.mode", GOSSIP_FIELD(config.gossip.mode), spread_modes()));
    keys.push_back(count_key("gossip.copies", GOSSIP_FIELD(config.gossip.copies), 1, 64));
    keys.push_back(count_key("gossip.tree_above", GOSSIP_FIELD(config.gossip.tree_above), 1, any));
    keys.push_back(count_key("gossip.fanout", GOSSIP_FIELD(config.gossip.fanout), 1, 64));
    keys.push_back(duration_key("gossip.repair_interval", GOSSIP_FIELD(config.gossip.repair_interval)));
    keys.push_back(count_key("gossip.rate", GOSSIP_FIELD(config.gossip.origin_rate), 0, 1'000'000));
    keys.push_back(count_key("gossip.burst", GOSSIP_FIELD(config.gossip.origin_burst), 1, 1'000'000));
    keys.push_back(count_key("gossip.store", GOSSIP_FIELD(config.gossip.store_limit), 16, 10'000'000));
    keys.push_back(row_key("overlay.strategy", GOSSIP_FIELD(config.overlay.strategy), overlay_strategies()));
    keys.push_back(graph_file_key());
    keys.push_back(graph_key());
    keys.push_back(count_key("overlay.links", GOSSIP_FIELD(config.overlay.links), 1, 64));
    keys.push_back(real_key("overlay.alpha", GOSSIP_FIELD(config.overlay.alpha), 0.0, 10.0));
    keys.push_back(count_key("overlay.cap", GOSSIP_FIELD(config.overlay.cap), 1, OverlayConfig::cap_limit));
    keys.push_back(count_key("overlay.floor", GOSSIP_FIELD(config.overlay.floor), 0, 64));
    keys.push_back(replace_key());
}

void add_liveness_keys(std::vector<ConfigKey>& keys) {
    keys.push_back(duration_key("liveness.interval", GOSSIP_FIELD(config.liveness.interval)));
    keys.push_back(count_key("liveness.misses", GOSSIP_FIELD(config.liveness.misses), 1, LivenessConfig::misses_limit));
    keys.push_back(duration_key("liveness.refute", GOSSIP_FIELD(config.liveness.refute)));
    keys.push_back(witnesses_key());
    keys.push_back(count_key("liveness.probes", GOSSIP_FIELD(config.liveness.probes), 1, 100));
    keys.push_back(duration_key("liveness.probe_timeout", GOSSIP_FIELD(config.liveness.probe_timeout)));
}

void add_seed_keys(std::vector<ConfigKey>& keys) {
    keys.push_back(text_key("seeds.state_dir", GOSSIP_FIELD(node.state_dir)));
    keys.push_back(flag_key("seeds.durable", GOSSIP_FIELD(config.seed.durable)));
    keys.push_back(duration_key("seeds.sync_interval", GOSSIP_FIELD(config.seed.sync_interval)));
    keys.push_back(duration_key("seeds.vote_timeout", GOSSIP_FIELD(config.seed.vote_timeout)));
    keys.push_back(duration_key("seeds.probe_timeout", GOSSIP_FIELD(config.seed.probe_timeout)));
    keys.push_back(duration_key("seeds.pending_after", GOSSIP_FIELD(config.seed.pending_after)));
    keys.push_back(duration_key("seeds.lease", GOSSIP_FIELD(config.seed.lease)));
}

void add_process_keys(std::vector<ConfigKey>& keys) {
    keys.push_back(log_folder_key());
    keys.push_back(choice_key("log.level", GOSSIP_FIELD(node.log_level), {"debug", "info", "warning", "error"}));
    keys.push_back(choice_key("log.profile", GOSSIP_FIELD(node.log_profile), {"classic", "per-node"}));
    keys.push_back(text_key("log.runs", GOSSIP_FIELD(node.runs_dir)));
    keys.push_back(count_key("log.run_megabytes", GOSSIP_FIELD(node.run_megabytes), 1, 1'000'000));
    keys.push_back(web_listen_key());
    keys.push_back(flag_key("web.enabled", GOSSIP_FIELD(node.web_enabled)));
    keys.push_back(tls_key());
    keys.push_back(text_key("security.join_token", GOSSIP_FIELD(node.join_token)));
}

#undef GOSSIP_FIELD

}  // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> keys = [] {
        std::vector<ConfigKey> all;
        add_node_keys(all);
        add_liveness_keys(all);
        add_seed_keys(all);
        add_process_keys(all);
        return all;
    }();
    return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
    const auto& keys = config_keys();
    const auto it = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& k) { return k.name == name; });
    return it == keys.end() ? nullptr : &*it;
}

std::string nearest_config_key(std::string_view name) {
    std::string nearest;
    std::size_t fewest = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const ConfigKey& key : config_keys()) {
        // The right name in the wrong section, or without a section, counts as one edit.
        const bool same_word = key.name.substr(key.name.find('.') + 1) == name.substr(name.find('.') + 1);
        const std::size_t edits = same_word ? 1 : edit_distance(name, key.name);
        if (edits >= fewest) continue;
        fewest = edits;
        nearest = key.name;
    }
    return nearest;
}

std::string environment_name(std::string_view key) {
    std::string name = "GOSSIPCTL_";
    for (const char c : key) {
        name.push_back(c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    }
    return name;
}

// The timers of the source documents, and the profiles `fast` and `wan`. Other keys keep their built-in values.
bool apply_profile(Config& config, std::string_view name) {
    using namespace std::chrono_literals;
    struct Timers {
        Duration ping;
        std::uint32_t misses;
        Duration refute;
        Duration gossip_first;
    };
    static const std::map<std::string_view, Timers> profiles{
        {"classic", {13s, 3, 5s, 2s}}, {"fast", {1s, 3, 1s, 1s}},     {"wan", {5s, 5, 15s, 2s}},
        {"doc000", {3s, 3, 5s, 2s}},   {"doc001", {13s, 1, 5s, 10s}}, {"doc002", {13s, 3, 5s, 0s}},
        {"doc003", {13s, 3, 5s, 0s}},  {"doc004", {3s, 2, 5s, 0s}},
    };
    const auto it = profiles.find(name);
    if (it == profiles.end()) return false;
    config.liveness.interval = it->second.ping;
    config.liveness.misses = it->second.misses;
    config.liveness.refute = it->second.refute;
    config.gossip.first_after = it->second.gossip_first;
    return true;
}

}  // namespace gossip
