#include "node/storage/journal.hpp"

#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace gossip;

namespace {

struct Written {
    RecordType type;
    Bytes body;
};

const std::vector<Written> sample{{RecordType::header, "cluster"},
                                  {RecordType::ceiling, Bytes("\0\1\2\n", 4)},
                                  {RecordType::accepted, Bytes(300, 'a')},
                                  {RecordType::decided, ""},
                                  {RecordType::seat_life, "x"}};

Bytes file_of(const std::vector<Written>& records) {
    Bytes bytes;
    for (const Written& r : records) bytes += frame_record(r.type, r.body);
    return bytes;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

Journal::Opened open_journal(boost::asio::io_context& io, const std::string& path, bool durable = true) {
    auto opened = Journal::open(io, path, durable);
    if (const auto* error = std::get_if<std::string>(&opened)) FAIL(*error);
    return std::get<Journal::Opened>(std::move(opened));
}

// Appends `sample` in groups of two and waits until all of it is on disk.
void append_sample(boost::asio::io_context& io, Journal& journal) {
    AppendSeq persisted = 0;
    journal.set_handlers({[&](AppendSeq upto) { persisted = upto; }, [](const std::string& text) { FAIL(text); }});
    AppendSeq seq = 0;
    for (const Written& r : sample) {
        journal.append({++seq, r.type, r.body, false});
        if (seq % 2 == 0) journal.commit();
    }
    journal.commit();
    const auto work = boost::asio::make_work_guard(io);
    while (persisted < sample.size()) io.run_one();
}

}  // namespace

TEST_CASE("crc32c gives the published check values") {
    CHECK(crc32c("123456789") == 0xe3069283U);
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);  // RFC 3720, B.4
    CHECK(crc32c("56789", crc32c("1234")) == crc32c("123456789"));
}

TEST_CASE("records come back as they were framed") {
    const JournalContents contents = parse_journal(file_of(sample));
    REQUIRE(contents.records.size() == sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
        CHECK(contents.records[i].type == sample[i].type);
        CHECK(contents.records[i].body == sample[i].body);
    }
    CHECK(contents.torn_bytes == 0);
    CHECK_FALSE(contents.damaged);
}

TEST_CASE("the form is fixed: length, sum, type, body") {
    const Bytes bytes = frame_record(RecordType::accepted, "ab");
    REQUIRE(bytes.size() == 11);
    CHECK(bytes.substr(0, 4) == Bytes("\2\0\0\0", 4));
    CHECK(bytes.substr(8) == "\3ab");
}

TEST_CASE("a file cut at any byte yields exactly the records that are whole") {
    const Bytes whole = file_of(sample);
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i <= sample.size(); ++i) {
        ends.push_back(file_of({sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(i)}).size());
    }
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        const JournalContents contents = parse_journal(std::string_view(whole).substr(0, cut));
        std::size_t complete = 0;
        while (complete + 1 < ends.size() && ends[complete + 1] <= cut) ++complete;
        REQUIRE(contents.records.size() == complete);
        REQUIRE(contents.good_bytes == ends[complete]);
        REQUIRE(contents.torn_bytes == cut - ends[complete]);
        REQUIRE_FALSE(contents.damaged);
    }
}

TEST_CASE("a flipped bit is never accepted; before a good record it is damage, at the end a torn tail") {
    const Bytes whole = file_of(sample);
    const std::size_t last = whole.size() - frame_record(sample.back().type, sample.back().body).size();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            Bytes bytes = whole;
            bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
            const JournalContents contents = parse_journal(bytes);
            REQUIRE(contents.records.size() < sample.size());
            REQUIRE(contents.damaged == (at < last));
            REQUIRE((contents.torn_bytes > 0) == (at >= last));
        }
    }
}

TEST_CASE("a tail of zeros is torn, not a record") {
    const JournalContents contents = parse_journal(file_of(sample) + Bytes(4096, '\0'));
    CHECK(contents.records.size() == sample.size());
    CHECK(contents.torn_bytes == 4096);
}

TEST_CASE("what was reported as persisted is read back, at every cut of the file") {
    const TempFolder folder;
    const std::string path = folder.file("state/seed.journal");
    {
        boost::asio::io_context io;
        auto opened = open_journal(io, path);
        CHECK(opened.contents.records.empty());
        append_sample(io, *opened.journal);
    }
    const Bytes whole = read_file(path);
    REQUIRE(whole == file_of(sample));
    for (std::size_t cut = 0; cut <= whole.size(); cut += 7) {
        write_file(path, whole.substr(0, cut));
        boost::asio::io_context io;
        std::size_t before = 0;
        {
            auto opened = open_journal(io, path, false);
            before = opened.contents.records.size();
            REQUIRE(std::filesystem::file_size(path) == opened.contents.good_bytes);
            append_sample(io, *opened.journal);
        }
        REQUIRE(open_journal(io, path, false).contents.records.size() == before + sample.size());
    }
}

TEST_CASE("compaction replaces what was before it") {
    const TempFolder folder;
    const std::string path = folder.file("seed.journal");
    for (const bool durable : {true, false}) {
        boost::asio::io_context io;
        {
            auto opened = open_journal(io, path, durable);
            append_sample(io, *opened.journal);
            opened.journal->append({6, RecordType::decided, "dropped with its group", false});
            opened.journal->append({7, RecordType::snapshot, "all", true});
            opened.journal->append({8, RecordType::ceiling, "next", false});
        }
        const auto records = open_journal(io, path, durable).contents.records;
        REQUIRE(records.size() == 2);
        CHECK(records[0].type == RecordType::snapshot);
        CHECK(records[0].body == "all");
        CHECK(records[1].body == "next");
        CHECK_FALSE(std::filesystem::exists(path + ".new"));
    }
}

TEST_CASE("a file left aside by an interrupted compaction is ignored") {
    const TempFolder folder;
    const std::string path = folder.file("seed.journal");
    write_file(path, file_of(sample));
    write_file(path + ".new", frame_record(RecordType::snapshot, "half").substr(0, 5));
    boost::asio::io_context io;
    CHECK(open_journal(io, path).contents.records.size() == sample.size());
}

TEST_CASE("a damaged journal is kept aside and the seed starts without one") {
    const TempFolder folder;
    const std::string path = folder.file("seed.journal");
    Bytes bytes = file_of(sample);
    bytes[20] = static_cast<char>(bytes[20] ^ 1);
    write_file(path, bytes);
    boost::asio::io_context io;
    {
        auto opened = open_journal(io, path);
        CHECK(opened.contents.damaged);
        CHECK(read_file(opened.moved_to) == bytes);
        append_sample(io, *opened.journal);
    }
    CHECK(open_journal(io, path).contents.records.size() == sample.size());
}

TEST_CASE("two seeds cannot share a journal") {
    const TempFolder folder;
    const std::string path = folder.file("seed.journal");
    boost::asio::io_context io;
    {
        const auto first = open_journal(io, path);
        const auto second = Journal::open(io, path, true);
        REQUIRE(std::holds_alternative<std::string>(second));
        CHECK(std::get<std::string>(second).find("in use by another seed process") != std::string::npos);
    }
    open_journal(io, path);
}

TEST_CASE("a journal that cannot be created says why") {
    const TempFolder folder;
    write_file(folder.file("state"), "a file where a folder should be");
    boost::asio::io_context io;
    const auto opened = Journal::open(io, folder.file("state/seed.journal"), true);
    REQUIRE(std::holds_alternative<std::string>(opened));
    CHECK(std::get<std::string>(opened).find("Not a directory") != std::string::npos);
}

TEST_CASE("a failed write is reported and nothing is persisted after it") {
    const TempFolder folder;
    const std::string path = folder.file("seed.journal");
    std::filesystem::create_directories(folder.file("seed.journal.new"));  // the compaction cannot create its file
    for (const bool durable : {true, false}) {
        boost::asio::io_context io;
        auto opened = open_journal(io, path, durable);
        std::vector<std::string> failures;
        AppendSeq persisted = 0;
        opened.journal->set_handlers(
            {[&](AppendSeq upto) { persisted = upto; }, [&](const std::string& text) { failures.push_back(text); }});
        opened.journal->append({1, RecordType::snapshot, "all", true});
        opened.journal->commit();
        const auto work = boost::asio::make_work_guard(io);
        while (failures.empty()) io.run_one();
        opened.journal->append({2, RecordType::ceiling, "more", false});
        opened.journal->commit();
        while (failures.size() < 2) io.run_one();
        CHECK(persisted == 0);
        CHECK(failures[0].find("Is a directory") != std::string::npos);
    }
}
