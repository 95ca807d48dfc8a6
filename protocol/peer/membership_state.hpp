#pragma once
// What a peer was told of the network and of its own place in it. In a calm network it is the same for all peers that
// began together, and changes for all of them at nearly the same time, so one object serves as many as hold it.

#include "protocol/memory/copy_on_write.hpp"
#include "protocol/peer/peer_snapshot.hpp"
#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gossip {

struct MembershipState {
    // Those first that are most likely to differ: comparing stops there.
    Epoch epoch{0};             // to which the list was followed
    Incarnation incarnation{};  // of the peer
    Duration wall_offset{};     // of the wall clock from the driver's time
    const SnapshotSource* source{&no_snapshot()};
    Digest digest;                                  // of the list
    CopyOnWrite<std::vector<PublicKey>> seed_keys;  // by seat; zero when not known
    friend bool operator==(const MembershipState&, const MembershipState&) = default;
};

// The latest states of the peers of a process: a peer whose state has become equal to one of them shares it.
class StateInterner {
public:
    void share(CopyOnWrite<MembershipState>& state) {
        CopyOnWrite<MembershipState>& latest = latest_[place(*state)];
        if (!state.shared_with(latest) && state == latest) {
            state = latest;
        } else {
            latest = state;
        }
    }

private:
    static constexpr std::size_t places = 64;
    [[nodiscard]] static std::size_t place(const MembershipState& state) {
        return mix64(state.epoch ^ mix64(static_cast<std::uint64_t>(state.incarnation))) % places;
    }

    std::array<CopyOnWrite<MembershipState>, places> latest_;
};

}  // namespace gossip
