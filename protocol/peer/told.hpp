#pragma once
// What a peer was told of the network and of its place there. In a calm network it is the same for all that began
// together, and changes for all of them at nearly the same time: it is kept once for as many as hold it.

#include "protocol/memory/copy_on_write.hpp"
#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace gossip {

class Standings;

struct Told {
    // In the order of how likely they differ.
    Epoch epoch{0};                   // to which the list was followed
    std::uint64_t record_version{0};  // of the peer's own links record
    Incarnation incarnation{};        // of the peer
    Duration wall_offset{};           // of the wall clock from our own
    const Standings* standings{nullptr};
    Digest digest;                                  // of the list
    CopyOnWrite<std::vector<PublicKey>> seed_keys;  // by seat; zero when not known
    friend bool operator==(const Told&, const Told&) = default;
};

// The latest that machines of a process were told: who has come to the same takes that.
class ToldAlike {
public:
    void share(CopyOnWrite<Told>& told) {
        CopyOnWrite<Told>& latest = latest_[place(*told)];
        if (!told.shared_with(latest) && told == latest) {
            told = latest;
        } else {
            latest = told;
        }
    }

private:
    static constexpr std::size_t places = 64;
    [[nodiscard]] static std::size_t place(const Told& told) {
        return mix64(told.epoch ^ told.record_version << 32 ^ mix64(static_cast<std::uint64_t>(told.incarnation))) %
               places;
    }

    std::array<CopyOnWrite<Told>, places> latest_;
};

}  // namespace gossip
