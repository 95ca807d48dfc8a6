#include "protocol/peer/peer_snapshot.hpp"

#include <algorithm>

namespace gossip {
namespace {

class NoSnapshot final : public SnapshotSource {
public:
    [[nodiscard]] SnapshotBasis basis(NodeId /*peer*/) const override { return {}; }
    [[nodiscard]] ViewSample sample(NodeId /*peer*/) const override { return {}; }
    [[nodiscard]] Epoch epoch(NodeId /*peer*/) const override { return 0; }
    [[nodiscard]] std::vector<Seat> seats(NodeId /*peer*/) const override { return {}; }
    [[nodiscard]] RecordPtr record(NodeId /*peer*/) const override { return nullptr; }
};

bool same(const RecordPtr& a, const RecordPtr& b) {
    if (a == nullptr || b == nullptr) return a == b;
    return a->peer == b->peer && a->incarnation == b->incarnation && a->version == b->version && a->links == b->links &&
           a->successors == b->successors && a->signature == b->signature;
}

bool same_links(const SnapshotBasis& a, const SnapshotBasis& b) {
    Links x;
    Links y;
    x.restore(a.links, a.details);
    y.restore(b.links, b.details);
    return std::ranges::equal(x.all(), y.all(), [&x, &y](const Link& one, const Link& other) {
        const LinkDetails& p = x.details(one);
        const LinkDetails& q = y.details(other);
        return one.id == other.id && one.kind == other.kind && one.degree == other.degree &&
               p.incarnation == q.incarnation && p.in_snapshot == q.in_snapshot && same(p.record, q.record);
    });
}

}  // namespace

const SnapshotSource& no_snapshot() {
    static const NoSnapshot none;
    return none;
}

bool operator==(const PeerSnapshot& a, const PeerSnapshot& b) {
    const SnapshotBasis& x = a.basis;
    const SnapshotBasis& y = b.basis;
    return x.incarnation == y.incarnation && x.epoch == y.epoch && x.digest == y.digest &&
           x.record_version == y.record_version && x.seed_keys == y.seed_keys && same_links(x, y) &&
           a.sample == b.sample && a.seats == b.seats && same(a.record, b.record);
}

}  // namespace gossip
