// Verbs that start, stop and disturb nodes, and say and load.

#include "manager/base/failure.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "node/base/value_text.hpp"
#include "node/config/settings.hpp"

#include <algorithm>

namespace gossip::commands {
namespace {

constexpr std::uint64_t add_limit = 10'000;
constexpr Duration leave_grace = std::chrono::seconds(10);
constexpr Duration say_timeout = std::chrono::seconds(5);

using Ids = std::vector<NodeId>;

// The state that the command needs of its nodes. If one is in another, it fails before it changes any.
using Allowed = bool (*)(NodeState);

std::optional<Failure> find_unfit(Session& session, const Ids& ids, Allowed allowed, std::string_view verb) {
    for (const NodeId id : ids) {
        const NodeState state = session.network().view().find(id)->state;
        if (allowed(state)) continue;
        const std::string is = state == NodeState::elsewhere ? "is not ours" : "is " + std::string(state_name(state));
        return Failure{ErrorKind::command, "cannot " + std::string(verb) + " " + short_name(id) + ": it " + is};
    }
    return std::nullopt;
}

using Deed = Result (*)(Session&, const Ids&);

Compiled on_nodes(const Command& command, Among among, Allowed allowed, Deed deed) {
    if (command.words.size() < 2) return "a node is missing";
    if (command.words.size() > 2) return "one selector is needed; lists go with commas: 7001,7003";
    auto parsed = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [selector = std::get<Selector>(std::move(parsed)), verb = command.verb(), among, allowed,
            deed](Session& session) -> Result {
        auto selected = session.select(selector, among);
        if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
        const Ids& ids = std::get<Ids>(selected);
        if (auto failure = find_unfit(session, ids, allowed, verb)) return failure;
        return deed(session, ids);
    };
}

bool all_ended(const Session& session, const Ids& ids) {
    return std::all_of(ids.begin(), ids.end(), [&](NodeId id) { return session.network().ended(id); });
}

Result kill_nodes(Session& session, const Ids& ids) {
    for (const NodeId id : ids) session.network().kill(id);
    bool timed_out = false;
    return session.wait([&] { return all_ended(session, ids); }, std::nullopt, timed_out);
}

Result stop_nodes(Session& session, const Ids& ids) {
    for (const NodeId id : ids) session.network().ask_to_stop(id);
    bool timed_out = false;
    if (auto failure = session.wait([&] { return all_ended(session, ids); }, leave_grace, timed_out)) return failure;
    if (!timed_out) return std::nullopt;
    Ids late;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(late),
                 [&](NodeId id) { return !session.network().ended(id); });
    if (auto failure = kill_nodes(session, late)) return failure;
    return Failure{ErrorKind::command, short_names(late) + " had not left after 10s; killed"};
}

Result pause_nodes(Session& session, const Ids& ids) {
    for (const NodeId id : ids) session.network().pause(id);
    return std::nullopt;
}

Result resume_nodes(Session& session, const Ids& ids) {
    for (const NodeId id : ids) session.network().resume(id);
    return std::nullopt;
}

Result restart_nodes(Session& session, const Ids& ids) {
    WaitEnd end = WaitEnd::done;
    if (auto problem = session.network().restart(ids, end)) return Failure{ErrorKind::start, problem->text};
    return Session::from_wait(end, session.loop());
}

std::variant<PeerRequest, std::string> parse_add(const Command& command) {
    PeerRequest request;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
        const std::string& word = command.words[i].text;
        const std::string value = i + 1 < command.words.size() ? command.words[i + 1].text : "";
        if (word == "--port") {
            const auto port = parse_count(value);
            if (!port || *port == 0 || *port > 65535) return "--port needs a port number";
            request.port = static_cast<std::uint16_t>(*port);
            ++i;
        } else if (word == "--role") {
            if (value == "seed") return "seeds are those of the configuration ([[seed]]); only peers can be added";
            if (value != "peer") return "--role needs peer";
            ++i;
        } else if (word == "--host") {
            if (!is_host_name(value)) return "--host needs the name of a [[host]] in config.toml";
            request.host = value;
            ++i;
        } else {
            const auto count = parse_count(word);
            if (!count || *count == 0 || *count > add_limit) return "\"" + word + "\" is not a number of peers";
            request.count = *count;
        }
    }
    return request;
}

Result add_nodes(Session& session, const PeerRequest& request) {
    const auto& hosts = session.network().view().hosts();
    if (!request.host.empty() && std::find(hosts.begin(), hosts.end(), request.host) == hosts.end()) {
        return Failure{ErrorKind::command, unknown_host(request.host, hosts)};
    }
    WaitEnd end = WaitEnd::done;
    auto added = session.network().add_peers(request, end);
    if (auto* problem = std::get_if<StartFailure>(&added)) return Failure{ErrorKind::start, problem->text};
    if (auto failure = Session::from_wait(end, session.loop())) return failure;
    std::string text;
    const Ids& ids = std::get<Ids>(added);
    if (session.console().interactive())
        text = "started " + port_ranges({ids.begin(), ids.end()}) + "\n";
    else
        for (const NodeId id : ids) text += node_name(id) + "\n";
    session.console().result(text);
    return std::nullopt;
}

// The seeds list a peer a moment before it learns of that; until then it refuses to say anything.
Result await_admission(Session& session, NodeId id) {
    const auto knows = [&] { return session.network().view().find(id)->registered || session.network().ended(id); };
    if (!session.network().view().agreement().members().contains(id)) return std::nullopt;
    bool timed_out = false;
    return knows() ? std::nullopt : session.wait(knows, say_timeout, timed_out);
}

Result say_once(Session& session, NodeId id, const std::string& text) {
    if (auto failure = await_admission(session, id)) return failure;
    const std::uint64_t seq = session.network().say(id, text);
    bool timed_out = false;
    const auto answered = [&] { return session.network().reply(seq) != nullptr || session.network().ended(id); };
    if (auto failure = session.wait(answered, say_timeout, timed_out)) return failure;
    const NodeReply* reply = session.network().reply(seq);
    if (reply == nullptr) return Failure{ErrorKind::command, short_name(id) + " did not answer"};
    if (!reply->ok) return Failure{ErrorKind::command, short_name(id) + " refused: " + printable(reply->text)};
    return std::nullopt;
}

struct Load {
    Selector selector;
    std::uint64_t count{1};
    std::size_t size{64};  // bytes of each text
    double per_second{10};
};

std::string set_load(Load& load, const std::string& option, const std::string& value) {
    constexpr std::uint64_t most_messages = 1'000'000;
    constexpr std::uint64_t most_bytes = 32 * 1024;
    const auto number = parse_count(value);
    if (option == "--count") {
        if (!number || *number == 0 || *number > most_messages) return "--count needs a number of messages";
        load.count = *number;
    } else if (option == "--size") {
        if (!number || *number == 0 || *number > most_bytes) return "--size needs 1 to 32768 bytes";
        load.size = *number;
    } else {
        const auto rate = value.ends_with("/s") ? parse_number(value.substr(0, value.size() - 2)) : std::nullopt;
        if (!rate || *rate <= 0 || *rate > 100'000) return "--rate needs messages a second, as in 20/s";
        load.per_second = *rate;
    }
    return {};
}

std::variant<Load, std::string> parse_load(const Command& command) {
    Load load;
    if (command.words.size() < 2) return "a node is missing";
    auto parsed = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    load.selector = std::get<Selector>(std::move(parsed));
    for (std::size_t i = 2; i < command.words.size(); i += 2) {
        const std::string& option = command.words[i].text;
        if (option != "--count" && option != "--size" && option != "--rate") return "\"" + option + "\" is too much";
        if (i + 1 == command.words.size()) return option + " needs a value";
        if (std::string problem = set_load(load, option, command.words[i + 1].text); !problem.empty()) return problem;
    }
    return load;
}

// "load 12 xxxx…": each text is different, and of the wanted size if its number fits.
std::string load_text(std::uint64_t number, std::size_t size) {
    std::string text = "load " + std::to_string(number) + " ";
    text.resize(std::max(size, text.size() - 1), 'x');
    return text;
}

Result too_long(const GossipConfig& config, std::size_t bytes) {
    if (bytes <= config.payload_limit) return std::nullopt;
    return Failure{ErrorKind::command, "a message holds at most " + std::to_string(config.payload_limit) +
                                           " bytes of text; this one has " + std::to_string(bytes)};
}

// Peers refuse what a sender says beyond its rate: better told before the first message than after the twentieth.
Result too_fast(const GossipConfig& config, const Load& load, std::size_t senders) {
    if (config.origin_rate == 0) return std::nullopt;
    const auto each = static_cast<double>((load.count + senders - 1) / senders);
    const double rate = load.per_second / static_cast<double>(senders);
    const double seconds = (each - 1) / rate;
    if (each <= config.origin_burst + config.origin_rate * seconds) return std::nullopt;
    char text[300];
    std::snprintf(text, sizeof text,
                  "each of %zu senders would say %.0f messages at %.3g/s; a peer may say %u at once and then %u/s "
                  "(gossip.burst, gossip.rate): choose fewer or a lower --rate, more senders, or set gossip.rate = 0, "
                  "without limit, for this network",
                  senders, each, rate, config.origin_burst, config.origin_rate);
    return Failure{ErrorKind::command, text};
}

// The senders take turns at fixed times; a late one does not delay the others.
Result publish_load(Session& session, const Load& load) {
    const auto selected = session.select(load.selector, Among::running);
    if (const auto* failure = std::get_if<Failure>(&selected)) return *failure;
    const Ids& ids = std::get<Ids>(selected);
    const GossipConfig& config = session.network().plan().config.gossip;
    if (auto failure = too_long(config, load.size)) return failure;
    if (auto failure = too_fast(config, load, ids.size())) return failure;
    const Time start = session.network().now();
    const std::chrono::duration<double> interval(1 / load.per_second);
    for (std::uint64_t i = 0; i < load.count; ++i) {
        const Time due = start + std::chrono::duration_cast<Duration>(interval * static_cast<double>(i));
        const Duration left = due - session.network().now();
        bool timed_out = false;
        if (left > Duration::zero()) {
            if (auto failure = session.wait([] { return false; }, left, timed_out)) return failure;
        }
        if (auto failure = say_once(session, ids[i % ids.size()], load_text(i + 1, load.size))) return failure;
    }
    session.console().result("published " + std::to_string(load.count) + "\n");
    return std::nullopt;
}

Result say_as(Session& session, const Selector& selector, const std::string& text) {
    if (auto failure = too_long(session.network().plan().config.gossip, text.size())) return failure;
    auto selected = session.select(selector, Among::running);
    if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
    const Ids& ids = std::get<Ids>(selected);
    if (auto failure = find_unfit(
            session, ids, [](NodeState s) { return s == NodeState::alive; }, "say as"))
        return failure;
    for (const NodeId id : ids) {
        if (session.network().find(id)->role == Role::seed) {
            return Failure{ErrorKind::command, short_name(id) + " is a seed; seeds do not gossip"};
        }
        if (auto failure = say_once(session, id, text)) return failure;
        // The node's event arrived before its reply, on the same channel.
        if (const RumorView* said = session.network().view().find_rumor("last")) {
            session.console().result(printable(said->rumor->id) + "\n");
        }
    }
    return std::nullopt;
}

bool is_alive(NodeState state) { return state == NodeState::alive; }
bool is_paused(NodeState state) { return state == NodeState::paused; }
bool is_ours(NodeState state) { return state != NodeState::elsewhere; }

}  // namespace

Compiled kill(const Command& command) { return on_nodes(command, Among::running, is_running, kill_nodes); }
Compiled stop(const Command& command) { return on_nodes(command, Among::running, is_running, stop_nodes); }
Compiled pause(const Command& command) { return on_nodes(command, Among::running, is_alive, pause_nodes); }
Compiled resume(const Command& command) { return on_nodes(command, Among::running, is_paused, resume_nodes); }
Compiled restart(const Command& command) { return on_nodes(command, Among::known, is_ours, restart_nodes); }

Compiled add(const Command& command) {
    auto parsed = parse_add(command);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [request = std::get<PeerRequest>(parsed)](Session& session) { return add_nodes(session, request); };
}

Compiled publish(const Command& command) {
    auto parsed = parse_load(command);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [load = std::get<Load>(std::move(parsed))](Session& session) { return publish_load(session, load); };
}

Compiled say(const Command& command) {
    if (command.words.size() < 3) return "a node and a text are needed";
    auto parsed = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [selector = std::get<Selector>(std::move(parsed)), text = command.tail(2)](Session& session) {
        return say_as(session, selector, text);
    };
}

}  // namespace gossip::commands
