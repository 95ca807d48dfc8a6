#include "protocol/rumors/forward_cache.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace gossip;

namespace {

RumorPtr rumor(std::uint64_t key) {
    Rumor r;
    r.key.lo = key;
    return make_rumor(std::move(r));
}

const msg::Gossip* body(const SharedMessage& m) { return m.get_if<msg::Gossip>(); }

}  // namespace

TEST_CASE("nodes that pass on the same message at the same hop and time share one object") {
    ForwardCache forwards;
    const RumorPtr said = rumor(1);
    const SharedMessage first = forwards.message(said, 3, 1000, false);
    const SharedMessage second = forwards.message(said, 3, 1000, false);
    CHECK(body(first) == body(second));
    CHECK(body(first)->sender == NodeId::none);
    CHECK(said.use_count() == 2);
}

TEST_CASE("what differs in anything is another object, and says what it was asked for") {
    ForwardCache forwards;
    std::vector<SharedMessage> kept;
    const RumorPtr said = rumor(1);
    const RumorPtr copy = rumor(1);  // the same message, parsed twice
    for (const RumorPtr& r : {said, copy}) {
        for (std::uint32_t hop = 1; hop < 100; ++hop) {
            for (const WallMs sent : {WallMs{1000}, WallMs{1001}}) {
                for (const bool repair : {false, true}) {
                    kept.push_back(forwards.message(r, hop, sent, repair));
                    const msg::Gossip& m = *body(kept.back());
                    CHECK((m.rumor == r && m.hop == hop && m.sent == sent && m.repair == repair));
                }
            }
        }
    }
    for (std::size_t i = 1; i < kept.size(); ++i) CHECK(body(kept[i - 1]) != body(kept[i]));
}
