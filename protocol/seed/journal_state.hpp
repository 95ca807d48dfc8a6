#pragma once
// What a seed knows of its journal: what recovery found, how much was appended and how much of it is on disk.

#include "protocol/machine.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gossip {

class JournalState {
public:
    // What keeps the journal that was found from being continued.
    enum class Fault : std::uint8_t {
        none,
        damaged,  // what follows its good records cannot be trusted
        foreign,  // it is another seat's, or another network's
    };

    void recovered() { fresh_ = false; }
    void set_fault(Fault fault, std::string text) {
        fault_ = fault;
        fault_text_ = std::move(text);
    }

    // There was none, or it is damaged: it begins anew.
    [[nodiscard]] bool fresh() const { return fresh_; }
    [[nodiscard]] Fault fault() const { return fault_; }
    [[nodiscard]] const std::string& fault_text() const { return fault_text_; }

    AppendSeq append(Effects& out, RecordType type, Bytes body, bool compact) {
        out.appends.push_back({++appended_, type, std::move(body), compact});
        return appended_;
    }
    void handle_persisted(AppendSeq upto) { persisted_ = std::max(persisted_, upto); }

    [[nodiscard]] AppendSeq appended() const { return appended_; }
    [[nodiscard]] AppendSeq persisted() const { return persisted_; }
    // How many appends have to reach the disk before this one is there.
    [[nodiscard]] AppendSeq awaited(AppendSeq seq) const { return seq > persisted_ ? seq - persisted_ : 0; }

private:
    bool fresh_{true};
    Fault fault_{Fault::none};
    std::string fault_text_;
    AppendSeq appended_{0};
    AppendSeq persisted_{0};
};

}  // namespace gossip
