// The only translation unit that includes toml++.

#include "node/config/config_file.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/escape.hpp"
#include "node/base/file.hpp"
#include "node/base/key_text.hpp"
#include "node/base/value_text.hpp"
#include "node/config/config_keys.hpp"
#include "node/config/seed_list_file.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

namespace gossip {
namespace {

struct Layer {
    std::vector<Assignment> values;
    SeedList seeds;  // none: the layer says nothing about seeds
    std::string seeds_place;
    std::vector<HostSettings> hosts;
};

// Keeps the error that comes first in the file. toml++ iterates tables by key and not by place, so places are compared.
class Problems {
public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    [[nodiscard]] std::string place(const toml::source_position& at) const {
        return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    }
    void add(const toml::source_position& at, const std::string& text) {
        if (!text_.empty() && !(at < at_)) return;
        at_ = at;
        text_ = place(at) + ": " + text;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string file_;
    toml::source_position at_{};
    std::string text_;
};

std::string unknown_key(const std::string& name) {
    const std::string near = nearest_config_key(name);
    return "unknown key " + escape_text(name) + (near.empty() ? "" : "; did you mean " + near + "?");
}

// The value as text, with the form it was written in.
Assignment assignment_of(std::string key, const toml::node& value, std::string place) {
    Assignment a{std::move(key), {}, ValueForm::other, std::move(place)};
    if (const auto* text = value.as_string()) {
        a.form = ValueForm::text;
        a.value = text->get();
    } else if (const auto* integer = value.as_integer()) {
        a.form = ValueForm::integer;
        a.value = std::to_string(integer->get());
    } else if (const auto* flag = value.as_boolean()) {
        a.form = ValueForm::boolean;
        a.value = flag->get() ? "true" : "false";
    } else if (const auto* real = value.as_floating_point()) {
        std::ostringstream digits;
        digits << real->get();
        a.form = ValueForm::real;
        a.value = digits.str();
    }
    return a;
}

std::optional<std::string> text_in(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::string();
    return node->value_exact<std::string>();
}

// Reports the unknown keys of a [[seed]] or [[host]] table; returns false when there are any.
bool check_keys(const toml::table& table, std::string_view heading, const std::vector<std::string_view>& known,
                Problems& problems) {
    bool good = true;
    for (const auto& [key, value] : table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        good = false;
        std::string list;
        for (const std::string_view k : known) list += (list.empty() ? "" : ", ") + std::string(k);
        problems.add(key.source().begin, "unknown key " + escape_text(key.str()) + " in [[" + std::string(heading) +
                                             "]], which knows " + list);
    }
    return good;
}

void read_seed(const toml::table& table, Layer& layer, Problems& problems) {
    const toml::source_position at = table.source().begin;
    check_keys(table, "seed", {"ip", "port", "key"}, problems);
    const auto ip = text_in(table, "ip");
    const toml::node* port_node = table.get("port");
    const auto port = port_node != nullptr ? port_node->value_exact<std::int64_t>() : std::nullopt;
    if (!ip || ip->empty() || !port) {
        return problems.add(at, R"([[seed]] needs ip = "127.0.0.1" and port = 6000)");
    }
    const auto read = read_endpoint(*ip + ":" + std::to_string(*port));
    if (const auto* error = std::get_if<std::string>(&read)) return problems.add(at, *error);
    const NodeId seed = std::get<NodeId>(read);
    std::vector<NodeId>& seeds = layer.seeds.seeds;
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
        return problems.add(at, "seed " + node_name(seed) + " is listed twice");
    }
    const auto key = table.contains("key") ? parse_key_text(text_in(table, "key").value_or("")) : PublicKey{};
    if (!key) return problems.add(at, "[[seed]] key is written \"ed25519:\" and 64 hexadecimal digits");
    seeds.push_back(seed);
    layer.seeds.keys.push_back(*key);
}

// Reads the fields of a [[host]] table; each problem is reported at the place of its value.
class HostReader {
public:
    HostReader(const toml::table& table, Problems& problems) : table_(table), problems_(problems) {}

    HostSettings read() {
        host_.place = problems_.place(table_.source().begin);
        host_.name = text("name", R"(the host's name in commands, as in "h1")");
        if (table_.contains("name") && !is_host_name(host_.name)) {
            problem("name", "must be of letters, digits, '.', '_' and '-', as in \"h1\"");
        }
        host_.ssh = text("ssh", R"("user@host")");
        if (host_.ssh.starts_with('-')) problem("ssh", R"(must be "user@host" or "host")");
        host_.binary = text("binary", "the path of gossipctl there");
        host_.dir = text("dir", "a folder there");
        command();
        address();
        peers();
        if (!table_.contains("name")) problem("", R"([[host]] needs name = "h1")");
        if (host_.ssh.empty() && host_.command.empty()) {
            problem("",
                    R"([[host]] needs a way there: ssh = "user@host", or a command that runs gossipctl agent --stdio)");
        }
        if (!host_.ssh.empty() && !host_.command.empty())
            problem("command", "takes the place of ssh; give one of them");
        return host_;
    }

private:
    void problem(const char* key, const std::string& text) {
        const toml::node* node = table_.get(key);
        const auto at = node == nullptr ? table_.source().begin : node->source().begin;
        problems_.add(at, *key == '\0' ? text : std::string(key) + ": " + text);
    }
    std::string text(const char* key, const std::string& wanted) {
        const auto value = text_in(table_, key);
        const bool bad = !value || value->find('\0') != std::string::npos;
        if (bad) problem(key, "must be a text in quotes: " + wanted);
        return bad ? "" : *value;
    }
    void command() {
        const toml::node* node = table_.get("command");
        if (node == nullptr) return;
        if (const auto line = node->value_exact<std::string>(); line && !line->empty()) {
            host_.command = {"/bin/sh", "-c", *line};
        } else if (const toml::array* words = node->as_array()) {
            for (const toml::node& word : *words) host_.command.push_back(word.value_exact<std::string>().value_or(""));
        }
        const auto& words = host_.command;
        if (words.empty() || words.front().empty() || words.back().empty()) {
            problem("command",
                    "must be a line for sh, or a list of words, as in "
                    R"(["ip", "netns", "exec", "h1", "gossipctl", "agent", "--stdio"])");
        }
    }
    void address() {
        const auto given = text_in(table_, "addr");
        const auto id = given ? parse_node(*given + ":1") : std::nullopt;
        if (!id || endpoint(*id).ip == 0) {
            return problem("addr", R"(must be the IPv4 address by which all others reach the host, as in "10.0.0.11")");
        }
        host_.address = *id;
    }
    void peers() {
        const toml::node* node = table_.get("peers");
        if (node == nullptr) return;
        const auto count = node->value_exact<std::int64_t>();
        if (!count || *count < 0 || *count > 100'000) return problem("peers", "must be a number in 0..100000");
        host_.peers = static_cast<std::uint32_t>(*count);
    }

    const toml::table& table_;
    Problems& problems_;
    HostSettings host_;
};

void read_host(const toml::table& table, Layer& layer, Problems& problems) {
    // A misspelt key is reported as such, and not as a missing key.
    if (!check_keys(table, "host", {"name", "ssh", "command", "binary", "addr", "peers", "dir"}, problems)) return;
    HostSettings host = HostReader(table, problems).read();
    const auto same = [&](const HostSettings& other) { return other.name == host.name; };
    if (std::any_of(layer.hosts.begin(), layer.hosts.end(), same)) {
        problems.add(table.source().begin, "host " + escape_text(host.name) + " is listed twice");
    }
    layer.hosts.push_back(std::move(host));
}

void read_tables(const toml::key& key, const toml::node& node, Layer& layer, Problems& problems) {
    const bool is_seed = key.str() == "seed";
    const toml::array* const tables = node.as_array();
    if (tables == nullptr || !tables->is_homogeneous<toml::table>()) {
        const std::string heading = "[[" + std::string(key.str()) + "]]";
        return problems.add(key.source().begin, "write one " + heading + " table for each");
    }
    if (is_seed) layer.seeds_place = problems.place(key.source().begin);
    for (const toml::node& table : *tables) {
        is_seed ? read_seed(*table.as_table(), layer, problems) : read_host(*table.as_table(), layer, problems);
    }
}

void read_value(const std::string& name, const toml::key& key, const toml::node& node, Layer& layer,
                Problems& problems) {
    const toml::source_position at = key.source().begin;
    const ConfigKey* const known = find_config_key(name);
    if (known == nullptr) return problems.add(at, unknown_key(name));
    Assignment a = assignment_of(name, node, problems.place(at));
    LoadedConfig scratch;
    const std::string why = known->set(scratch, a);
    if (!why.empty()) return problems.add(at, name + ": " + why);
    layer.values.push_back(std::move(a));
}

bool known_section(std::string_view name) {
    const auto& keys = config_keys();
    return std::any_of(keys.begin(), keys.end(),
                       [&](const ConfigKey& k) { return k.name.substr(0, k.name.find('.')) == name; });
}

void read_section(const toml::key& key, const toml::table& table, Layer& layer, Problems& problems) {
    const std::string section(key.str());
    for (const auto& [name, node] : table)
        read_value(section + "." + std::string(name.str()), name, node, layer, problems);
    if (table.empty() && !known_section(section)) {
        problems.add(key.source().begin, "unknown section [" + escape_text(section) + "]");
    }
}

std::string read_layer(const std::string& path, std::string_view text, Layer& layer) {
    Problems problems(path);
    try {
        const toml::table root = toml::parse(text, path);
        for (const auto& [key, node] : root) {
            if (key.str() == "seed" || key.str() == "host") {
                read_tables(key, node, layer, problems);
            } else if (const toml::table* section = node.as_table()) {
                read_section(key, *section, layer, problems);
            } else {
                problems.add(key.source().begin, unknown_key(std::string(key.str())));
            }
        }
    } catch (const toml::parse_error& e) {
        return problems.place(e.source().begin) + ": " + escape_text(e.description());
    }
    return problems.text();
}

std::string read_file(const std::string& path, Layer& layer) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes text;
    if (!file || !read_all(file.get(), text)) return path + ": cannot read it: " + error_text(errno);
    return read_layer(path, text, layer);
}

// Variables and --set give the seeds as one value: "127.0.0.1:6000,127.0.0.1:6001".
std::string read_seed_value(const std::string& value, const std::string& place, Layer& layer) {
    std::string lines = value;
    std::replace(lines.begin(), lines.end(), ',', '\n');
    const auto read = parse_seed_list(place, lines);
    if (const auto* error = std::get_if<std::string>(&read)) {
        return place + error->substr(error->find(": "));  // without the line number
    }
    layer.seeds = std::get<SeedList>(read);
    layer.seeds_place = place;
    return {};
}

std::string add_untyped(const std::string& key, const std::string& value, const std::string& place, Layer& layer) {
    if (key == "seed") return read_seed_value(value, place, layer);
    const ConfigKey* const known = find_config_key(key);
    if (known == nullptr) return place + ": " + unknown_key(key);
    Assignment a{key, value, ValueForm::untyped, place};
    LoadedConfig scratch;
    const std::string why = known->set(scratch, a);
    if (!why.empty()) return place + ": " + key + ": " + why;
    layer.values.push_back(std::move(a));
    return {};
}

// Skips variables that name no key: they stand for options of the command line.
std::string read_environment(const std::map<std::string, std::string>& environment, Layer& layer) {
    const auto read = [&](const std::string& key) -> std::string {
        const auto it = environment.find(environment_name(key));
        return it == environment.end() ? std::string() : add_untyped(key, it->second, it->first, layer);
    };
    for (const ConfigKey& key : config_keys()) {
        if (std::string error = read(std::string(key.name)); !error.empty()) return error;
    }
    // GOSSIPCTL_SEED means the option --seed when it is a number, and the [[seed]] tables when it holds addresses.
    const auto seed = environment.find(environment_name("seed"));
    return seed == environment.end() || seed->second.find(':') == std::string::npos ? std::string() : read("seed");
}

std::string read_override(const std::string& text, Layer& layer) {
    const std::string place = "--set " + escape_text(text);
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return place + ": must be key=value, as in --set gossip.interval=5s";
    return add_untyped(text.substr(0, equals), text.substr(equals + 1), place, layer);
}

std::string read_seeds_file(const std::string& path, Layer& layer) {
    if (path.empty()) return {};
    const auto read = read_seed_list(path);
    if (const auto* error = std::get_if<std::string>(&read)) return *error;
    layer.seeds = std::get<SeedList>(read);
    layer.seeds_place = path;
    return {};
}

std::string read_layers(const ConfigSources& sources, std::vector<Layer>& layers) {
    const auto add = [&](const auto& read, const auto& source) { return read(source, layers.emplace_back()); };
    for (const std::string& path : sources.files) {
        if (std::string error = add(read_file, path); !error.empty()) return error;
    }
    if (std::string error = add(read_environment, sources.environment); !error.empty()) return error;
    for (const std::string& text : sources.overrides) {
        if (std::string error = add(read_override, text); !error.empty()) return error;
    }
    return add(read_seeds_file, sources.seeds_file);
}

// Profiles are applied in a pass of their own, first, because other keys override the timers that a profile sets.
void apply(const std::vector<Layer>& layers, bool profiles, LoadedConfig& config) {
    for (const Layer& layer : layers) {
        for (const Assignment& a : layer.values) {
            if ((a.key == "network.profile") == profiles) static_cast<void>(find_config_key(a.key)->set(config, a));
        }
    }
}

// The place of the value that validate() rejects. Its error begins with the key.
std::string place_of(const std::vector<Layer>& layers, const std::string& problem) {
    const std::string key = problem.substr(0, problem.find(':'));
    std::string place;
    for (const Layer& layer : layers) {
        if (key == "[[seed]]" && !layer.seeds.seeds.empty()) place = layer.seeds_place;
        for (const Assignment& a : layer.values) {
            if (a.key == key) place = a.place;
        }
    }
    return place.empty() ? place : place + ": ";
}

std::vector<NodeId> default_seeds() {
    std::vector<NodeId> seeds;
    for (std::uint16_t port = 6000; port < 6003; ++port) seeds.push_back(node_id({0x7f000001, port}));
    return seeds;
}

std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> found;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (text.rfind("GOSSIPCTL_", 0) != 0 || equals == std::string_view::npos) continue;
        found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

std::string host_toml(const HostSettings& host) {
    std::string out = "[[host]]\nname = " + toml_string(host.name) +
                      "\naddr = " + toml_string(ip_string(host.address)) + "\npeers = " + std::to_string(host.peers) +
                      "\n";
    const auto add = [&out](const char* key, const std::string& value) {
        if (!value.empty()) out += std::string(key) + " = " + toml_string(value) + "\n";
    };
    add("ssh", host.ssh);
    add("binary", host.binary);
    add("dir", host.dir);
    std::string words;
    for (const std::string& word : host.command) words += (words.empty() ? "" : ", ") + toml_string(word);
    if (!words.empty()) out += "command = [" + words + "]\n";
    return out;
}

}  // namespace

ConfigSources standard_sources(const std::optional<std::string>& given) {
    ConfigSources sources;
    const auto add_if_there = [&](const std::string& path) {
        std::error_code ignored;  // what cannot be looked at is not there
        if (std::filesystem::exists(path, ignored)) sources.files.push_back(path);
    };
    add_if_there("/etc/gossipctl/config.toml");
    if (const char* home = std::getenv("HOME")) add_if_there(std::string(home) + "/.config/gossipctl/config.toml");
    if (given) {
        sources.files.push_back(*given);
    } else {
        add_if_there("config.toml");
    }
    sources.environment = own_environment();
    return sources;
}

std::variant<LoadedConfig, std::string> load_config(const ConfigSources& sources) {
    std::vector<Layer> layers;
    if (std::string error = read_layers(sources, layers); !error.empty()) return error;
    LoadedConfig loaded;
    loaded.config.seeds = default_seeds();
    apply(layers, true, loaded);
    apply(layers, false, loaded);
    for (const Layer& layer : layers) {
        if (!layer.seeds.seeds.empty()) {
            loaded.config.seeds = layer.seeds.seeds;
            loaded.config.seed_keys = layer.seeds.keys;
        }
        if (!layer.hosts.empty()) loaded.node.hosts = layer.hosts;
    }
    loaded.config.overlay.first_port = loaded.node.peer_ports.first;
    if (const auto problem = validate(loaded.config)) return place_of(layers, *problem) + *problem;
    return loaded;
}

std::string to_toml(const LoadedConfig& config) {
    std::string out;
    std::string_view section;
    for (const ConfigKey& key : config_keys()) {
        const std::size_t dot = key.name.find('.');
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            out += (out.empty() ? "[" : "\n[") + std::string(section) + "]\n";
        }
        out += std::string(key.name.substr(dot + 1)) + " = " + key.toml(config) + "\n";
    }
    const std::vector<PublicKey>& keys = config.config.seed_keys;
    for (std::size_t seat = 0; seat < config.config.seeds.size(); ++seat) {
        const NodeId seed = config.config.seeds[seat];
        out += "\n[[seed]]\nip = " + toml_string(ip_string(seed)) + "\nport = " + std::to_string(endpoint(seed).port) +
               "\n";
        if (seat < keys.size() && keys[seat] != PublicKey{}) out += "key = " + toml_string(key_text(keys[seat])) + "\n";
    }
    for (const HostSettings& host : config.node.hosts) out += "\n" + host_toml(host);
    return out;
}

}  // namespace gossip
