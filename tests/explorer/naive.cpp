#include "naive.hpp"

#include "protocol/quorum.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

namespace gossip::explorer {

using Type = NaiveMessage::Type;

std::string NaiveSystem::key(const Node& node) const {
    std::string bytes;
    for (const std::uint8_t v : {node.list, node.proposed, node.yes, node.unsent, node.approved, node.crashes}) {
        bytes += static_cast<char>(v);
    }
    for (const MessageId id : node.sent) bytes += static_cast<char>(id);  // fewer than 256 messages exist
    return bytes;
}

void NaiveSystem::own_events(const Node& node, std::vector<LocalEvent>& out) const {
    if (node.proposed == 0 && node.list == 0) out.push_back({EventKind::request, 0});
    if (node.unsent != 0) out.push_back({EventKind::sync, 0});
    if (node.crashes < options_.crashes) out.push_back({EventKind::crash, 0});
}

std::optional<NaiveSystem::Node> NaiveSystem::step(std::size_t seat, const Node& before, LocalEvent event) {
    Node node = before;
    switch (event.kind) {
        case EventKind::request:
            if (seat >= options_.proposals) return std::nullopt;
            request(seat, node);
            break;
        case EventKind::deliver:
            on_message(seat, node, NaiveMessage(messages_[event.arg]));  // a copy: answering may reallocate the store
            break;
        case EventKind::sync:
            broadcast(seat, node, Type::commit, node.proposed);
            node.unsent = 0;
            break;
        case EventKind::crash:  // all state was in memory
            node.list = node.proposed = node.yes = node.unsent = 0;
            ++node.crashes;
            break;
        case EventKind::timer:
            break;
    }
    return node;
}

void NaiveSystem::request(std::size_t seat, Node& node) {
    node.proposed = static_cast<std::uint8_t>(seat + 1);
    node.yes = 1;
    broadcast(seat, node, Type::propose, node.proposed);
}

void NaiveSystem::on_message(std::size_t seat, Node& node, const NaiveMessage& m) {
    if (m.type == Type::propose && node.list == 0) {
        send(node, {Type::vote, static_cast<std::uint8_t>(seat), m.from, m.value});
    }
    if (m.type == Type::commit) node.list = m.value;
    if (m.type == Type::vote && m.value == node.proposed && node.approved == 0) {
        if (++node.yes < majority(options_.seeds)) return;
        node.list = node.approved = m.value;
        node.unsent = 1;
    }
}

void NaiveSystem::send(Node& node, NaiveMessage message) {
    const auto [it, fresh] = known_.try_emplace(message, static_cast<MessageId>(messages_.size()));
    if (fresh) messages_.push_back(message);
    const auto at = std::lower_bound(node.sent.begin(), node.sent.end(), it->second);
    if (at == node.sent.end() || *at != it->second) node.sent.insert(at, it->second);
}

void NaiveSystem::broadcast(std::size_t seat, Node& node, Type type, std::uint8_t value) {
    for (std::size_t to = 0; to < options_.seeds; ++to) {
        if (to != seat) send(node, {type, static_cast<std::uint8_t>(seat), static_cast<std::uint8_t>(to), value});
    }
}

bool NaiveSystem::admissible(WorldView<NaiveSystem> world) const {
    std::uint32_t crashes = 0;
    for (const Node* node : world) crashes += node->crashes;
    return crashes <= options_.crashes;
}

bool NaiveSystem::someone_knows(WorldView<NaiveSystem> world, std::uint8_t change) const {
    return std::any_of(world.begin(), world.end(), [&](const Node* node) {
        const auto commits_it = [&](MessageId id) {
            return messages_[id].type == Type::commit && messages_[id].value == change;
        };
        return node->list == change || std::any_of(node->sent.begin(), node->sent.end(), commits_it);
    });
}

std::size_t NaiveSystem::voters(WorldView<NaiveSystem> world, std::size_t proposer) const {
    std::set<std::size_t> distinct{proposer};
    for (const Node* node : world) {
        for (const MessageId id : node->sent) {
            const NaiveMessage& m = messages_[id];
            if (m.type == Type::vote && m.to == proposer) distinct.insert(m.from);
        }
    }
    return distinct.size();
}

std::optional<std::string> NaiveSystem::violation(WorldView<NaiveSystem> world, std::size_t seat) const {
    const std::uint8_t approved = world[seat]->approved;
    for (std::size_t other = 0; options_.check_split && other < world.size(); ++other) {
        if (approved != 0 && world[other]->approved != 0 && world[other]->approved != approved) {
            return "S1: two conflicting proposals are both approved";
        }
    }
    for (const Node* node : world) {
        if (options_.check_lost && node->approved != 0 && !someone_knows(world, node->approved)) {
            return "S2: an acknowledged change is known to nobody";
        }
    }
    if (options_.check_quorum && approved != 0 && voters(world, seat) < majority(options_.seeds)) {
        return "S4: approved by fewer distinct voters than a quorum";
    }
    return std::nullopt;
}

std::string NaiveSystem::describe(std::size_t seat, const Node& before, LocalEvent event) {
    const std::string self = "S" + std::to_string(seat);
    const auto value_name = [](std::uint8_t value) { return std::string(1, static_cast<char>('A' + value - 1)); };
    std::string text;
    if (event.kind == EventKind::request) text = "a client asks " + self;
    if (event.kind == EventKind::sync) text = self + " sends COMMIT";
    if (event.kind == EventKind::crash) text = self + " crashes and restarts";
    if (event.kind == EventKind::deliver) {
        const NaiveMessage& m = messages_[event.arg];
        const char* const types[]{"PROPOSE", "VOTE YES", "COMMIT"};
        text = self + " gets " + types[static_cast<std::size_t>(m.type)] + " " + value_name(m.value) + " from S" +
               std::to_string(m.from);
    }
    const auto after = step(seat, before, event);
    if (after && after->approved != before.approved) text += ": APPROVED " + value_name(after->approved);
    return text + "\n";
}

}  // namespace gossip::explorer
