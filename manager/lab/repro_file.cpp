#include "manager/lab/repro_file.hpp"

#include "node/base/file.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <type_traits>

namespace gossip {
namespace {

namespace json = boost::json;

constexpr int format = 1;
constexpr std::uint32_t most_seeds = 9;
constexpr std::uint32_t most_nodes = 60;  // sides of a partition are bits of one word

constexpr std::array<std::string_view, static_cast<std::size_t>(sim::last_fault_kind) + 1> kind_names{
    "crash",           "cut-step",  "lose-disk", "pause",   "cut-off",
    "cut-off-one-way", "slow-disk", "leave",     "publish", "disk-error"};
constexpr std::array<std::string_view, 2> crash_names{"process", "power"};

// One description of the fields serves both directions: `io(name, value)`.
class Writer {
public:
    json::object object;

    template <class T>
    void operator()(const char* name, const T& value) {
        object[name] = to_value(value);
    }
    template <class E, std::size_t N>
    void choice(const char* name, const E& value, const std::array<std::string_view, N>& names) {
        object[name] = std::string(names[static_cast<std::size_t>(value)]);
    }
    // A row of a table of the protocol, by its name.
    template <class Row>
    void row(const char* name, const Row* value, const Row* (*)(std::string_view)) {
        object[name] = std::string(value->name());
    }
    void classes(const char* name, const sim::FaultClasses& value) { object[name] = to_string(value); }

private:
    template <class T>
    static json::value to_value(const T& value) {
        if constexpr (std::is_same_v<T, Duration>)
            return value.count();
        else if constexpr (std::is_same_v<T, Time>)
            return value.time_since_epoch().count();
        else
            return json::value_from(value);
    }
};

class Reader {
public:
    explicit Reader(const json::object& object, std::string where) : object_(object), where_(std::move(where)) {}

    std::string problem;

    template <class T>
    void operator()(const char* name, T& value) {
        const json::value* found = get(name);
        if (found == nullptr) return;
        if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Time>) {
            if (found->is_int64()) return void(value = T(Duration(found->as_int64())));
        } else if (auto read = json::try_value_to<T>(*found)) {
            return void(value = std::move(*read));
        }
        fail(name, "has a value of the wrong kind");
    }
    template <class E, std::size_t N>
    void choice(const char* name, E& value, const std::array<std::string_view, N>& names) {
        std::string text;
        (*this)(name, text);
        const auto at = std::find(names.begin(), names.end(), text);
        if (at == names.end()) return fail(name, "is unknown: " + text);
        value = static_cast<E>(at - names.begin());
    }
    template <class Row>
    void row(const char* name, const Row*& value, const Row* (*find)(std::string_view)) {
        std::string text;
        (*this)(name, text);
        const Row* found = find(text);
        if (found == nullptr) return fail(name, "is unknown: " + text);
        value = found;
    }
    void classes(const char* name, sim::FaultClasses& value) {
        std::string text;
        (*this)(name, text);
        const auto read = sim::parse_fault_classes(text);
        if (!read) return fail(name, "is unknown: " + text);
        value = *read;
    }
    void fail(const std::string& name, const std::string& why) {
        if (problem.empty()) problem = where_ + name + " " + why;
    }

private:
    const json::value* get(const char* name) {
        const json::value* found = object_.if_contains(name);
        if (found == nullptr) fail(name, "is missing");
        return found;
    }

    const json::object& object_;
    std::string where_;
};

template <class Io, class Config>
void config_fields(Io& io, Config& c) {
    io("gossip.interval", c.gossip.interval);
    io("gossip.first_after", c.gossip.first_after);
    io("gossip.max_messages", c.gossip.max_messages);
    io("gossip.repair_interval", c.gossip.repair_interval);
    io.row("gossip.mode", c.gossip.mode, find_spread);
    io("gossip.copies", c.gossip.copies);
    io("gossip.tree_above", c.gossip.tree_above);
    io.row("overlay.strategy", c.overlay.strategy, find_overlay);
    io("overlay.links", c.overlay.links);
    io("overlay.cap", c.overlay.cap);
    io("liveness.interval", c.liveness.interval);
    io("liveness.misses", c.liveness.misses);
    io("liveness.refute", c.liveness.refute);
    io("liveness.probe_timeout", c.liveness.probe_timeout);
    io("seeds.sync_interval", c.seed.sync_interval);
    io("seeds.vote_timeout", c.seed.vote_timeout);
    io("seeds.pending_after", c.seed.pending_after);
    io("seeds.probe_timeout", c.seed.probe_timeout);
    io("seeds.lease", c.seed.lease);
    io("seeds.sample", c.seed.sample);
    io("seeds.history", c.seed.history);
}

template <class Io, class Network>
void network_fields(Io& io, Network& n) {
    io("delay_min", n.link.delay_min);
    io("delay_max", n.link.delay_max);
    io("jitter_percent", n.link.jitter_percent);
    io("tail_per_million", n.link.tail_per_million);
    io("tail_factor", n.link.tail_factor);
    io("reset_per_million", n.link.reset_per_million);
    io("drop_per_million", n.link.drop_per_million);
    io("duplicate_per_million", n.link.duplicate_per_million);
    io("dial_timeout", n.dial_timeout);
    io("stall_timeout", n.stall_timeout);
}

template <class Io, class Fault>
void fault_fields(Io& io, Fault& f) {
    io.choice("kind", f.kind, kind_names);
    io("at", f.at);
    io("until", f.until);
    io("node", f.node);
    io("mask", f.mask);
    io.choice("crash", f.crash, crash_names);
}

template <class Io, class Plan>
void shape_fields(Io& io, Plan& plan) {
    io("seed", plan.shape.seed);
    io("seeds", plan.shape.seeds);
    io("peers", plan.shape.peers);
    io.classes("classes", plan.shape.classes);
    io("fault_phase", plan.shape.fault_phase);
    io("wall_skew_ms", plan.shape.wall_skew_ms);
    io("dead_seeds", plan.dead_seeds);
}

// Checks that the parsed run is possible.
std::string impossible(const sim::FaultPlan& plan) {
    const sim::RunShape& s = plan.shape;
    if (s.seeds < 1 || s.seeds > most_seeds) return "seeds is not 1 to " + std::to_string(most_seeds);
    if (s.peers < 1 || s.seeds + s.peers > most_nodes)
        return "peers is not 1 to " + std::to_string(most_nodes - s.seeds);
    if (plan.peer_starts.size() != s.peers) return "peer_starts has not one time a peer";
    if (s.fault_phase < Duration::zero() || s.fault_phase > std::chrono::hours(1)) return "fault_phase is not 0 to 1 h";
    for (std::size_t i = 0; i < plan.faults.size(); ++i) {
        const sim::Fault& f = plan.faults[i];
        const std::string where = "faults[" + std::to_string(i) + "].";
        if (f.node >= s.seeds + s.peers) return where + "node is none of the nodes";
        if (f.mask >> (s.seeds + s.peers) != 0) return where + "mask names more nodes than there are";
        if (f.at < Time{} || f.until < f.at) return where + "until is before at";
    }
    for (const std::uint32_t seed : plan.dead_seeds) {
        if (seed >= s.seeds) return "dead_seeds names a seed that is none";
    }
    Config config = s.config;
    for (std::uint16_t seat = 0; seat < s.seeds; ++seat) config.seeds.push_back(node_id({0x7f000001, seat}));
    if (auto problem = validate(config)) return "config: " + *problem;
    return {};
}

const json::object* object_of(const json::object& in, const char* name) {
    const json::value* found = in.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

template <class Fields>
std::string read_object(const json::object& in, const char* name, const Fields& fields) {
    const json::object* object = object_of(in, name);
    if (object == nullptr) return std::string(name) + " is missing or no object";
    Reader reader(*object, std::string(name) + ".");
    fields(reader);
    return reader.problem;
}

std::string read_times(const json::object& in, std::vector<Time>& out) {
    const json::value* found = in.if_contains("peer_starts");
    if (found == nullptr || !found->is_array()) return "peer_starts is missing or no list";
    for (const json::value& time : found->as_array()) {
        if (!time.is_int64()) return "peer_starts has a value of the wrong kind";
        out.emplace_back(Duration(time.as_int64()));
    }
    return {};
}

std::string read_faults(const json::object& in, std::vector<sim::Fault>& out) {
    const json::value* found = in.if_contains("faults");
    if (found == nullptr || !found->is_array()) return "faults is missing or no list";
    for (const json::value& value : found->as_array()) {
        const std::string where = "faults[" + std::to_string(out.size()) + "]";
        if (!value.is_object()) return where + " is no object";
        Reader reader(value.as_object(), where + ".");
        fault_fields(reader, out.emplace_back());
        if (!reader.problem.empty()) return reader.problem;
    }
    return {};
}

std::string read_plan(const json::object& in, sim::FaultPlan& plan) {
    std::string problem = read_object(in, "shape", [&](Reader& io) { shape_fields(io, plan); });
    if (problem.empty()) problem = read_object(in, "config", [&](Reader& io) { config_fields(io, plan.shape.config); });
    if (problem.empty())
        problem = read_object(in, "network", [&](Reader& io) { network_fields(io, plan.shape.network); });
    if (problem.empty()) problem = read_times(in, plan.peer_starts);
    if (problem.empty()) problem = read_faults(in, plan.faults);
    return problem.empty() ? impossible(plan) : problem;
}

template <class Fields>
json::object write_object(const Fields& fields) {
    Writer writer;
    fields(writer);
    return std::move(writer.object);
}

// Writes each part and each fault on a line of its own, so that a person can read and edit it.
std::string pretty(const json::object& object) {
    std::string out = "{\n";
    for (const auto& [key, value] : object) {
        out += out.size() > 2 ? ",\n" : "";
        out += "  " + json::serialize(json::string(key)) + ": ";
        if (key != "faults") {
            out += json::serialize(value);
            continue;
        }
        out += "[";
        const char* separator = "\n    ";
        for (const json::value& fault : value.as_array()) {
            out += separator + json::serialize(fault);
            separator = ",\n    ";
        }
        out += "]";
    }
    return out + "\n}\n";
}

}  // namespace

std::string to_json(const Repro& repro) {
    const sim::FaultPlan& plan = repro.plan;
    json::object out;
    out["gossipctl_repro"] = format;
    out["invariant"] = repro.invariant;
    out["text"] = repro.text;
    out["canary"] = repro.canary;
    out["shape"] = write_object([&](Writer& io) { shape_fields(io, plan); });
    out["config"] = write_object([&](Writer& io) { config_fields(io, plan.shape.config); });
    out["network"] = write_object([&](Writer& io) { network_fields(io, plan.shape.network); });
    json::array starts;
    for (const Time start : plan.peer_starts) starts.emplace_back(start.time_since_epoch().count());
    out["peer_starts"] = std::move(starts);
    json::array faults;
    for (const sim::Fault& f : plan.faults) {
        faults.push_back(write_object([&](Writer& io) { fault_fields(io, f); }));
    }
    out["faults"] = std::move(faults);
    return pretty(out);
}

std::variant<Repro, std::string> parse_repro(const std::string& text) {
    boost::system::error_code error;
    const json::value parsed = json::parse(text, error);
    if (error) return "is no JSON: " + error.message();
    const json::object* object = parsed.if_object();
    if (object == nullptr || !object->contains("gossipctl_repro")) return std::string("is no repro of gossipctl sim");
    Reader reader(*object, "");
    int version = 0;
    Repro repro;
    reader("gossipctl_repro", version);
    if (version != format)
        return "has format " + std::to_string(version) + "; this version reads " + std::to_string(format);
    reader("invariant", repro.invariant);
    reader("text", repro.text);
    reader("canary", repro.canary);
    if (!reader.problem.empty()) return reader.problem;
    if (std::string problem = read_plan(*object, repro.plan); !problem.empty()) return problem;
    return repro;
}

std::variant<Repro, std::string> read_repro(const std::string& path) {
    auto read = read_file(path);
    if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
    auto parsed = parse_repro(std::get<FileText>(read).text);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return path + ": " + *problem;
    return parsed;
}

std::string write_repro(const std::string& path, const Repro& repro) {
    std::error_code ignored;
    const bool foreign =
        std::filesystem::is_regular_file(path, ignored) && std::holds_alternative<std::string>(read_repro(path));
    if (foreign)
        return path + " is in the way: it is no failing run that gossipctl wrote; move it or choose another name";
    return replace_file(path, to_json(repro));
}

}  // namespace gossip
