#pragma once
// A peer's testimony: it probes whom it is asked about and says what it found, and refutes an accusation of itself
// (PROTOCOL.md section 4).

#include "protocol/memory/cold.hpp"
#include "protocol/peer/peer_turn.hpp"
#include "protocol/peer/probes.hpp"

namespace gossip {

class Witness {
public:
    // `isolated`: what we cannot reach says something about us, and nothing about the suspect.
    void on_suspect_query(PeerTurn& t, const Sender& from, const msg::SuspectQuery& m, bool isolated);
    void on_suspect(PeerTurn& t, const Sender& from, const msg::Suspect& m);
    void on_alive(PeerTurn& t, const Sender& from, const msg::Alive& m);
    void handle_probe_timer(PeerTurn& t, const TimerTag& tag);
    // Was ever asked about a suspect.
    [[nodiscard]] bool probes() const { return testifying_.exists(); }
    // For our own accusation.
    void probe_for_ourselves(PeerTurn& t, const fact::OwnProbeDue& due);
    void heard(PeerTurn& t, const Sender& from);
    void handle_refused(PeerTurn& t, NodeId node);  // a dial

private:
    struct Testifying {
        Probes probes;
        std::uint64_t refutations{0};
    };
    void perform(PeerTurn& t, NodeId suspect, const Probes::Action& action);
    void testify(PeerTurn& t, const Testimony& testimony);

    Cold<Testifying> testifying_;
};

}  // namespace gossip
