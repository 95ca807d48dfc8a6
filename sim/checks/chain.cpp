#include "sim/checks/chain.hpp"

#include "protocol/names.hpp"

namespace gossip::sim {

std::string Chain::on_accepted(Seat seat, const Accepted& accepted) {
    Candidate& c = candidates_[{accepted.epoch, accepted.ballot}];
    if (c.seats.size() == 0) c.batch = accepted.batch;
    if (c.batch != accepted.batch) return "S1: two batches under one ballot of epoch " + std::to_string(accepted.epoch);
    if (!c.seats.insert(seat) || c.seats.size() != need_) return "";
    return decide(accepted.epoch, c.batch);
}

std::string Chain::decide(Epoch epoch, const Batch& batch) {
    if (epoch <= last()) {
        if (this->batch(epoch) == batch) return "";
        return "S1: a second batch is decided for epoch " + std::to_string(epoch);
    }
    if (epoch != last() + 1) return "S3: epoch " + std::to_string(epoch) + " is decided before the one before it";
    Decided next{batch, list(epoch - 1)};
    decided_.push_back({batch, {}});  // before apply(), which calls last()
    for (const Change& change : batch) {
        if (std::string wrong = apply(change, next.list); !wrong.empty()) return wrong;
    }
    decided_.back() = std::move(next);
    return "";
}

std::string Chain::apply(const Change& change, List& list) {
    const Life life{change.peer, change.incarnation};
    const auto listed = list.find(change.peer);
    switch (change.kind) {
        case ChangeKind::add: {
            Incarnation& known = last_life_[change.peer];
            if (change.incarnation <= known) return "";
            known = change.incarnation;
            if (!added_.emplace(life, last()).second) return "S8: a life is added twice: " + node_name(change.peer);
            list[change.peer] = change.incarnation;
            return "";
        }
        case ChangeKind::remove:
        case ChangeKind::leave:
            if (listed == list.end() || listed->second != change.incarnation) return "";
            removed_.emplace(life, last());
            list.erase(listed);
            return "";
        case ChangeKind::replace:
            replaced_.emplace(std::pair{change.seat, change.new_life}, last());
            return "";
    }
    return "";
}

std::string Chain::on_digest(Epoch epoch, const Digest& digest) {
    const auto [at, fresh] = digests_.try_emplace(epoch, digest);
    if (fresh || at->second == digest) return "";
    return "S1: epoch " + std::to_string(epoch) + " has two digests: " + hex(at->second) + " and " + hex(digest);
}

Epoch Chain::look_up(const std::map<Life, Epoch>& in, NodeId peer, Incarnation life) {
    const auto at = in.find({peer, life});
    return at == in.end() ? 0 : at->second;
}

std::vector<NodeId> Chain::ids(Epoch epoch) const {
    std::vector<NodeId> result;
    for (const auto& [id, life] : list(epoch)) result.push_back(id);
    return result;
}

std::size_t Chain::acceptors(Epoch epoch, Ballot ballot) const {
    const auto at = candidates_.find({epoch, ballot});
    return at == candidates_.end() ? 0 : at->second.seats.size();
}

const Batch* Chain::accepted(Epoch epoch, Ballot ballot) const {
    const auto at = candidates_.find({epoch, ballot});
    return at == candidates_.end() ? nullptr : &at->second.batch;
}

}  // namespace gossip::sim
