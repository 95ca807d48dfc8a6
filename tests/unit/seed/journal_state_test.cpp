#include "protocol/seed/journal_state.hpp"

#include <doctest/doctest.h>

using namespace gossip;

TEST_CASE("appends are numbered without a gap, and awaited until the disk has them") {
    JournalState journal;
    Effects out;
    CHECK(journal.append(out, RecordType::header, "a", false) == 1);
    CHECK(journal.append(out, RecordType::snapshot, "b", true) == 2);
    REQUIRE(out.appends.size() == 2);
    CHECK_FALSE(out.appends[0].compact);
    CHECK(out.appends[1].compact);
    CHECK(journal.awaited(2) == 2);
    journal.handle_persisted(1);
    CHECK(journal.awaited(1) == 0);
    CHECK(journal.awaited(2) == 1);
    journal.handle_persisted(2);
    journal.handle_persisted(1);  // the disk forgets nothing
    CHECK(journal.persisted() == 2);
    CHECK(journal.awaited(2) == 0);
}

TEST_CASE("a journal begins anew unless recovery could continue it") {
    JournalState journal;
    CHECK(journal.fresh());
    journal.set_fault(JournalState::Fault::damaged, "record 3 does not parse");
    CHECK(journal.fresh());
    CHECK(journal.fault_text() == "record 3 does not parse");
    JournalState good;
    good.recovered();
    CHECK_FALSE(good.fresh());
    CHECK(good.fault() == JournalState::Fault::none);
}
