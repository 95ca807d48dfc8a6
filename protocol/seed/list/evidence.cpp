#include "protocol/seed/list/evidence.hpp"

#include "protocol/canonical.hpp"
#include "protocol/quorum.hpp"
#include "protocol/witnesses.hpp"

namespace gossip {
namespace {

constexpr std::size_t statements_limit = 64;
constexpr std::size_t links_limit = 4096;

std::vector<NodeId> listed_witnesses(const LinksRecord& record, const Ledger& ledger, const LivenessConfig& config) {
    std::vector<NodeId> listed;
    for (const NodeId witness : witnesses_of(record, config)) {
        const Member* member = ledger.find(witness);
        if (member != nullptr && member->protocol > 0) listed.push_back(witness);
    }
    return listed;
}

std::vector<Statement> genuine(const std::vector<Statement>& statements, const Ledger& ledger, const Crypto& crypto) {
    std::vector<Statement> good;
    for (const Statement& s : statements) {
        const Member* witness = ledger.find(s.witness);
        if (witness != nullptr && crypto.verify(witness->key, canonical_bytes(s), s.signature)) good.push_back(s);
    }
    return good;
}

}  // namespace

std::optional<std::string> evidence_problem(const Certificate& certificate, const Member& suspect, const Ledger& ledger,
                                            const LivenessConfig& config, const Crypto& crypto) {
    const LinksRecord& record = certificate.record;
    if (certificate.statements.empty()) return "no statement of a witness";
    if (certificate.statements.size() > statements_limit) return "too many statements";
    if (record.links.size() > links_limit) return "too many links";
    if (record.peer != suspect.id || record.incarnation != suspect.incarnation) return "the record is of another life";
    if (!crypto.verify(suspect.key, canonical_bytes(record), record.signature)) return "the record's signature is bad";
    const std::vector<NodeId> witnesses = listed_witnesses(record, ledger, config);
    if (witnesses.empty()) return "the suspect has no listed witness";
    const std::size_t confirmed = confirming(record, witnesses, genuine(certificate.statements, ledger, crypto));
    if (confirmed >= majority(witnesses.size())) return std::nullopt;
    return "only " + std::to_string(confirmed) + " of " + std::to_string(witnesses.size()) + " witnesses confirm it";
}

}  // namespace gossip
