#pragma once
// A peer as an accuser: it suspects neighbours that went silent or refuse connections, gathers what their witnesses
// found, and reports the dead to the seeds; unless it is itself the one that is cut off (PROTOCOL.md section 4).

#include "protocol/memory/cold.hpp"
#include "protocol/peer/liveness.hpp"
#include "protocol/peer/peer_turn.hpp"
#include "protocol/peer/suspicions.hpp"

#include <string>
#include <vector>

namespace gossip {

class Accuser {
public:
    [[nodiscard]] std::size_t suspects() const { return detection_->suspicions.size(); }
    [[nodiscard]] bool isolated() const { return detection_->isolation.isolated(); }

    // Ever lost, or suspected, a neighbour.
    [[nodiscard]] bool watches() const { return detection_.exists(); }

    // ---- what others noticed
    void heard(PeerTurn& t, NodeId node);
    void seed_answered(PeerTurn& t);
    void link_up(NodeId peer);
    void link_down(NodeId peer);
    void end_former_lives(NodeId peer, Incarnation life);
    void end_life(PeerTurn& t, NodeId peer, Incarnation life);
    void handle_connection_lost(PeerTurn& t, NodeId peer, LossReason reason);
    void suspect(PeerTurn& t, NodeId peer, bool refused, std::string why);

    // ---- evidence
    void on_suspect_response(PeerTurn& t, const Sender& from, const msg::SuspectResponse& m);
    void take_statement(PeerTurn& t, const Statement& statement);
    void on_alive(PeerTurn& t, const Sender& from, const msg::Alive& m);
    void on_report_ack(PeerTurn& t, const Sender& from, const msg::ReportAck& m);
    void handle_timer(PeerTurn& t, const TimerTag& tag);  // refute_window, suspicion_retry

private:
    struct Detection {
        Suspicions suspicions;
        IsolationDetector isolation;
    };
    void begin_isolation(PeerTurn& t);
    void ask_any_seed(PeerTurn& t);
    [[nodiscard]] std::vector<NodeId> stand_in_witnesses(const PeerTurn& t, NodeId suspect) const;
    void ask_witnesses(PeerTurn& t, Suspicion& suspicion);
    [[nodiscard]] Tally tally_of(const PeerTurn& t, const Suspicion& suspicion) const;
    void judge_suspicion(PeerTurn& t, NodeId suspect, bool window_over);
    void postpone(PeerTurn& t, Suspicion& suspicion);
    void cancel(PeerTurn& t, NodeId suspect, std::string why);
    [[nodiscard]] bool believed(PeerTurn& t, const Sender& from, const msg::Alive& m) const;
    void confirm(PeerTurn& t, Suspicion& suspicion);
    void send_reports(PeerTurn& t, Suspicion& suspicion);

    Cold<Detection> detection_;
    Time seed_contact_ = Time::min();  // the last one
};

}  // namespace gossip
