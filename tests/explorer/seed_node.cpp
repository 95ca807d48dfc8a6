#include "seed_node.hpp"

#include "seed_messages.hpp"

#include <vector>

namespace gossip::explorer {
namespace {

void put(ByteWriter& out, const LifeEvent& e) {
    out.u64(static_cast<std::uint64_t>(e.peer));
    out.u64(static_cast<std::uint64_t>(e.incarnation));
    out.u64(e.epoch);
}

void put(ByteWriter& out, const EpochDigest& e) {
    out.u64(e.epoch);
    out.raw(e.digest.bytes);
}

void put(ByteWriter& out, const EpochBallot& e) {
    out.u64(e.epoch);
    out.u64(e.ballot.round);
    out.u8(e.ballot.seat);
}

void put(ByteWriter& out, MessageId id) { out.u32(id); }
void put(ByteWriter& out, const ArmedTimer& timer) { out.u8(static_cast<std::uint8_t>(timer.tag.kind)); }

void put(ByteWriter& out, const Append& append) {
    out.u8(static_cast<std::uint8_t>(append.type));
    out.u8(append.compact);
    out.text(append.body);
}

template <class T>
void put_all(ByteWriter& out, const std::vector<T>& items) {
    out.u32(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) put(out, item);
}

void put(ByteWriter& out, const Observed& o) {
    put_all(out, o.applied);
    put_all(out, o.added);
    put_all(out, o.acknowledged);
    put_all(out, o.rejected);
    put_all(out, o.proposed);
    put_all(out, o.accepted);
    put_all(out, o.committed);
    put_all(out, o.decided);
    out.text(o.broken);
}

}  // namespace

Bytes node_bytes(const SeedNode& node) {
    ByteWriter out;
    node.machine->fingerprint(out);
    put_all(out, node.timers);
    out.u64(node.disk_state.a);
    out.u64(node.disk_state.b);
    const AppendSeq synced = node.unsynced.empty() ? 0 : node.unsynced.front().seq - 1;
    put_all(out, node.unsynced);
    for (const Send& send : node.held) {
        out.u64(static_cast<std::uint64_t>(send.to));
        out.u64(send.after - synced);
        out.text(message_bytes(send.message));
    }
    out.u8(node.busy);
    out.u8(node.crashes);
    out.u8(node.requested);
    put_all(out, node.sent);
    put(out, node.observed);
    return out.take();
}

bool read_back(const Crypto& crypto, std::size_t history, SeedNode& node) {
    const Recovered found = recover(crypto, history, *node.disk);
    ByteWriter out;
    out.u64(found.header ? found.header->own.life : 0);
    out.u64(found.ceiling);
    out.u64(found.ledger.epoch());
    out.raw(found.ledger.digest().bytes);
    for (const auto& [seat, life] : found.lives) {
        out.u8(seat);
        out.u64(life);
    }
    node.durable = {found.ledger.epoch(), found.ledger.digest()};
    node.pending.reset();
    if (found.accepted) {
        put(out, EpochBallot{found.accepted->epoch, found.accepted->ballot});
        write(out, found.accepted->batch);
        const Decision next = found.ledger.next(crypto, found.accepted->batch);
        node.pending = EpochDigest{next.epoch, next.digest};
    }
    node.disk_state = fingerprint_of(out.bytes());
    return found.problem.empty();
}

}  // namespace gossip::explorer
