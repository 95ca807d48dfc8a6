#include "protocol/peer/peer_standing.hpp"

#include "protocol/overlay.hpp"
#include "protocol/peer/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

bool same(const RecordPtr& a, const RecordPtr& b) {
    if (a == nullptr || b == nullptr) return a == b;
    return a->peer == b->peer && a->incarnation == b->incarnation && a->version == b->version && a->links == b->links &&
           a->successors == b->successors && a->signature == b->signature;
}

bool same_links(const StandingBasis& a, const StandingBasis& b) {
    Links x;
    Links y;
    x.restore(a.links, a.details);
    y.restore(b.links, b.details);
    return std::ranges::equal(x.all(), y.all(), [&x, &y](const Link& one, const Link& other) {
        const LinkDetails& p = x.details(one);
        const LinkDetails& q = y.details(other);
        return one.id == other.id && one.kind == other.kind && one.degree == other.degree &&
               p.incarnation == q.incarnation && p.described == q.described && same(p.record, q.record);
    });
}

}  // namespace

bool operator==(const PeerStanding& a, const PeerStanding& b) {
    const StandingBasis& x = a.basis;
    const StandingBasis& y = b.basis;
    return x.incarnation == y.incarnation && x.epoch == y.epoch && x.digest == y.digest &&
           x.record_version == y.record_version && x.seed_keys == y.seed_keys && same_links(x, y) &&
           a.sample == b.sample && a.seats == b.seats && same(a.record, b.record);
}

void PeerMachine::stand(Time now, WallMs wall, const Standings& standings, Effects& out) {
    const StandingBasis basis = standings.basis(self());
    out.now = now;
    out_ = &out;
    set_wall(wall);
    phase_ = Phase::active;
    Told& told = own_told();
    told.incarnation = basis.incarnation;
    told.epoch = basis.epoch;
    told.digest = *basis.digest;
    told.record_version = basis.record_version;
    told.seed_keys = basis.seed_keys;
    told.standings = &standings;
    record_stale_ = false;
    links_.restore(basis.links, basis.details);
    overlay_announced_ = true;
    dissemination_.make_room();
    begin_rounds();
    view_.share_told(out.told_alike);
    out_ = nullptr;
}

Registration& PeerMachine::registration() const {
    auto& registration = own_rare().registration;
    if (registration == nullptr) {
        registration = std::make_unique<Registration>(config().seeds.size());
        if (view_.standings() != nullptr) registration->restore(view_.standings()->seats(self()));
    }
    return *registration;
}

// Of a peer that stands they are asked for each time: leases are few, and nothing else needs its registration.
std::vector<Seat> PeerMachine::chosen_seats() const {
    const bool stands = rare().registration == nullptr && view_.standings() != nullptr;
    return stands ? view_.standings()->seats(self()) : registration().chosen();
}

Epoch PeerMachine::registered_epoch() const {
    const bool stood = rare().registered_epoch == 0 && view_.standings() != nullptr;
    return stood ? view_.standings()->epoch(self()) : rare().registered_epoch;
}

// All of it, whether it was needed so far or not.
PeerStanding PeerMachine::standing() const {
    PeerStanding s{.basis = {.incarnation = incarnation(),
                             .epoch = view_.epoch(),
                             .digest = CopyOnWrite(view_.digest()),
                             .record_version = told().record_version,
                             .seed_keys = told().seed_keys},
                   .sample = view_.sample(),
                   .seats = registration().acked(),
                   .record = rare().record};
    if (s.record == nullptr && view_.standings() != nullptr) s.record = view_.standings()->record(self());
    for (const Link& l : links_.all()) {
        LinkDetails details{
            .incarnation = links_.details(l).incarnation, .told = told().record_version, .record = record_of(l)};
        s.basis.details.own().push_back(CopyOnWrite(std::move(details)));
        Link link{.id = l.id, .kind = l.kind};
        link.degree = l.degree;
        s.basis.links.push_back(link);
    }
    return s;
}

}  // namespace gossip
