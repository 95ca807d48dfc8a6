#include "protocol/seed/list/records.hpp"

#include "protocol/canonical.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::size_t member_size = 8 + 8 + 1 + 32 + 8;
constexpr std::size_t seat_info_size = 1 + 8;

void write(ByteWriter& out, const SeatInfo& info) {
    out.u8(info.seat);
    out.u64(info.life);
}

SeatInfo read_seat_info(ByteReader& in) {
    SeatInfo info;
    info.seat = in.u8();
    info.life = in.u64();
    return info;
}

void write(ByteWriter& out, const HeaderRecord& header) {
    out.u64(header.fingerprint);
    write(out, header.own);
}

HeaderRecord read_header(ByteReader& in) {
    HeaderRecord header;
    header.fingerprint = in.u64();
    header.own = read_seat_info(in);
    return header;
}

void write(ByteWriter& out, const AcceptedRecord& record) {
    out.u64(record.accepted.epoch);
    out.u64(record.accepted.ballot.round);
    out.u8(record.accepted.ballot.seat);
    out.raw(record.previous.bytes);
    write(out, record.accepted.batch);
}

AcceptedRecord read_accepted(ByteReader& in) {
    AcceptedRecord record;
    record.accepted.epoch = in.u64();
    record.accepted.ballot.round = in.u64();
    record.accepted.ballot.seat = in.u8();
    record.previous.bytes = in.raw<32>();
    record.accepted.batch = read_batch(in);
    return record;
}

void write(ByteWriter& out, const Member& m) {
    out.u64(static_cast<std::uint64_t>(m.id));
    out.u64(static_cast<std::uint64_t>(m.incarnation));
    out.u8(m.protocol);
    out.raw(m.key.bytes);
    out.u64(m.since);
}

Member read_member(ByteReader& in) {
    Member m;
    m.id = NodeId{in.u64()};
    m.incarnation = Incarnation{in.u64()};
    m.protocol = in.u8();
    m.key.bytes = in.raw<32>();
    m.since = in.u64();
    return m;
}

template <class T>
void write_all(ByteWriter& out, const std::vector<T>& items) {
    out.u32(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) write(out, item);
}

template <class Read>
auto read_all(ByteReader& in, std::size_t item_size, Read read) {
    std::vector<decltype(read(in))> items(in.count(item_size));
    for (auto& item : items) item = read(in);
    return items;
}

void write(ByteWriter& out, const Snapshot& s) {
    out.u64(s.epoch);
    out.raw(s.digest.bytes);
    write_all(out, s.members);
    write_all(out, s.removed);
    write_all(out, s.seats);
}

Snapshot read_snapshot(ByteReader& in) {
    Snapshot s;
    s.epoch = in.u64();
    s.digest.bytes = in.raw<32>();
    s.members = read_all(in, member_size, read_member);
    s.removed = read_all(in, member_size, read_member);
    s.seats = read_all(in, seat_info_size, read_seat_info);
    return s;
}

template <class T>
Bytes encode_one(const T& value) {
    ByteWriter out;
    write(out, value);
    return out.take();
}

template <class Read>
auto decode_one(std::string_view body, Read read) -> std::optional<decltype(read(std::declval<ByteReader&>()))> {
    ByteReader in(body);
    auto value = read(in);
    if (!in.at_end()) return std::nullopt;
    return value;
}

// Takes records one by one; what it refuses does not fit what came before.
class Reader {
public:
    Reader(const Crypto& crypto, std::size_t history) : crypto_(crypto), state_{{}, {}, Ledger(history), 0, {}, {}} {}

    bool take(const Record& record) {
        if (!state_.header && record.type != RecordType::header && record.type != RecordType::snapshot) return false;
        switch (record.type) {
            case RecordType::header:
                return take_header(decode_header(record.body));
            case RecordType::ceiling:
                return take_ceiling(decode_ceiling(record.body));
            case RecordType::accepted:
                return take_accepted(decode_accepted(record.body));
            case RecordType::decided:
                return take_decision(decode_decision(record.body));
            case RecordType::snapshot:
                return take_snapshot(decode_snapshot(record.body));
            case RecordType::seat_life:
                return take_life(decode_seat_life(record.body));
        }
        return false;
    }

    Recovered finish(std::string problem) {
        state_.problem = std::move(problem);
        return std::move(state_);
    }

private:
    bool take_header(const std::optional<HeaderRecord>& header) {
        if (!header || state_.header) return false;
        state_.header = header;
        return true;
    }

    bool take_ceiling(std::optional<std::uint64_t> ceiling) {
        if (!ceiling) return false;
        state_.ceiling = std::max(state_.ceiling, *ceiling);
        return true;
    }

    bool take_accepted(const std::optional<AcceptedRecord>& record) {
        if (!record || record->accepted.epoch != state_.ledger.epoch() + 1) return false;
        if (record->previous != state_.ledger.digest()) return false;
        if (state_.accepted && record->accepted.ballot < state_.accepted->ballot) return false;
        state_.accepted = record->accepted;
        return true;
    }

    bool take_decision(const std::optional<Decision>& decision) {
        if (!decision || decision->epoch != state_.ledger.epoch() + 1) return false;
        const Digest digest = chain_digest(crypto_, state_.ledger.digest(), decision->epoch, decision->batch);
        if (digest != decision->digest) return false;
        state_.ledger.apply(*decision);
        state_.accepted.reset();
        return true;
    }

    bool take_snapshot(const std::optional<SnapshotRecord>& record) {
        if (!record || record->snapshot.epoch < state_.ledger.epoch()) return false;
        if (state_.header && *state_.header != record->header) return false;
        state_.header = record->header;
        state_.ceiling = std::max(state_.ceiling, record->ceiling);
        state_.ledger.install(record->snapshot);
        state_.accepted.reset();
        for (const SeatInfo& info : record->lives) state_.lives[info.seat] = info.life;
        return record->accepted.empty() || take_accepted(record->accepted.front());
    }

    bool take_life(const std::optional<SeatInfo>& info) {
        if (!info) return false;
        state_.lives.insert({info->seat, info->life});
        return true;
    }

    const Crypto& crypto_;
    Recovered state_;
};

}  // namespace

Bytes encode(const HeaderRecord& record) { return encode_one(record); }
Bytes encode(const AcceptedRecord& record) { return encode_one(record); }
Bytes encode(const SeatInfo& life) { return encode_one(life); }

Bytes encode_ceiling(std::uint64_t ceiling) {
    ByteWriter out;
    out.u64(ceiling);
    return out.take();
}

Bytes encode(const Decision& decision) {
    ByteWriter out;
    out.u64(decision.epoch);
    out.raw(decision.digest.bytes);
    write(out, decision.batch);
    return out.take();
}

Bytes encode(const SnapshotRecord& record) {
    ByteWriter out;
    write(out, record.header);
    out.u64(record.ceiling);
    write_all(out, record.accepted);
    write_all(out, record.lives);
    write(out, record.snapshot);
    return out.take();
}

std::optional<HeaderRecord> decode_header(std::string_view body) { return decode_one(body, read_header); }
std::optional<AcceptedRecord> decode_accepted(std::string_view body) { return decode_one(body, read_accepted); }
std::optional<SeatInfo> decode_seat_life(std::string_view body) { return decode_one(body, read_seat_info); }

std::optional<std::uint64_t> decode_ceiling(std::string_view body) {
    return decode_one(body, [](ByteReader& in) { return in.u64(); });
}

std::optional<Decision> decode_decision(std::string_view body) {
    return decode_one(body, [](ByteReader& in) {
        Decision decision;
        decision.epoch = in.u64();
        decision.digest.bytes = in.raw<32>();
        decision.batch = read_batch(in);
        return decision;
    });
}

std::optional<SnapshotRecord> decode_snapshot(std::string_view body) {
    constexpr std::size_t accepted_size = 8 + 8 + 1 + 32 + 4;
    return decode_one(body, [](ByteReader& in) {
        SnapshotRecord record;
        record.header = read_header(in);
        record.ceiling = in.u64();
        record.accepted = read_all(in, accepted_size, read_accepted);
        record.lives = read_all(in, seat_info_size, read_seat_info);
        record.snapshot = read_snapshot(in);
        return record;
    });
}

Recovered recover(const Crypto& crypto, std::size_t history, std::span<const Record> journal) {
    Reader reader(crypto, history);
    for (std::size_t i = 0; i < journal.size(); ++i) {
        if (!reader.take(journal[i])) {
            return reader.finish("record " + std::to_string(i + 1) + " of the journal is damaged");
        }
    }
    return reader.finish({});
}

}  // namespace gossip
