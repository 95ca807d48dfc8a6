// Files of our own: a list of them, locks that name their holder, and files that are replaced at once.

#include "node/base/file.hpp"
#include "node/base/file_lock.hpp"
#include "node/base/written_files.hpp"
#include "temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace gossip;

namespace {

namespace fs = std::filesystem;

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string text_of(const std::string& path) {
    const auto read = read_file(path);
    const auto* file = std::get_if<FileText>(&read);
    return file == nullptr ? std::get<std::string>(read) : file->text;
}

std::string folder_of(const TempFolder& folder) { return folder.file("."); }

}  // namespace

TEST_CASE("written files: what is not on the list is in the way, and what is goes, and nothing else") {
    const TempFolder folder;
    put(folder.file("theirs"), "theirs");
    WrittenFiles written(folder_of(folder));
    CHECK(written.write("ours", "1", "--to").empty());
    CHECK(written.write("ours", "2", "--to").empty());
    CHECK(text_of(folder.file("ours")) == "2");
    const std::string refused = written.write("theirs", "ours", "--to");
    CHECK(refused.find("theirs is in the way") != std::string::npos);
    CHECK(refused.find("another folder with --to") != std::string::npos);
    WrittenFiles again(folder_of(folder));
    CHECK(again.wrote("ours"));
    CHECK_FALSE(again.wrote("theirs"));
    CHECK(again.remove_all());
    CHECK_FALSE(fs::exists(folder.file("ours")));
    CHECK_FALSE(fs::exists(folder.file(std::string(WrittenFiles::list_name))));
    CHECK(text_of(folder.file("theirs")) == "theirs");
}

TEST_CASE("written files: a list that somebody else wrote leads to nothing outside the folder") {
    const TempFolder outside;
    const TempFolder folder;
    put(outside.file("victim"), "theirs");
    const std::string up = "../" + fs::path(outside.file("victim")).parent_path().filename().string() + "/victim";
    fs::create_directory_symlink(fs::path(outside.file("victim")).parent_path(), folder.file("link"));
    put(folder.file(std::string(WrittenFiles::list_name)),
        "file " + up + "\nfile " + outside.file("victim") + "\nfile link/victim\nfile \nfolder ..\n");
    REQUIRE(fs::exists(folder_of(folder) + "/" + up));
    WrittenFiles written(folder_of(folder));
    CHECK_FALSE(written.wrote(up));
    CHECK_FALSE(written.wrote("link/victim"));
    CHECK(written.in_the_way("link/victim", "--to").find("is in the way") != std::string::npos);
    (void)written.remove_all();
    CHECK(text_of(outside.file("victim")) == "theirs");
}

TEST_CASE("written files: a file that somebody put in a link's place is theirs") {
    const TempFolder folder;
    WrittenFiles written(folder_of(folder));
    CHECK(written.add(WrittenFiles::Kind::link, {"shown"}).empty());
    fs::create_symlink("elsewhere", folder.file("shown"));
    CHECK(written.in_the_way("shown", "log.dir").empty());
    fs::remove(folder.file("shown"));
    put(folder.file("shown"), "theirs");
    CHECK_FALSE(written.in_the_way("shown", "log.dir").empty());
    CHECK(written.remove_all());
    CHECK(text_of(folder.file("shown")) == "theirs");
}

TEST_CASE("written files: a folder goes when it is empty, and stays on the list while it is not") {
    const TempFolder folder;
    WrittenFiles written(folder_of(folder));
    CHECK(written.add(WrittenFiles::Kind::folder, {"logs"}).empty());
    CHECK(written.add(WrittenFiles::Kind::file, {"logs/peer-7000.log"}).empty());
    fs::create_directories(folder.file("logs"));
    put(folder.file("logs/peer-7000.log"), "x");
    put(folder.file("logs/notes"), "theirs");
    CHECK_FALSE(written.remove_all());
    CHECK_FALSE(fs::exists(folder.file("logs/peer-7000.log")));
    CHECK(text_of(folder.file("logs/notes")) == "theirs");
    CHECK(WrittenFiles(folder_of(folder)).entries().contains("logs"));
    fs::remove(folder.file("logs/notes"));
    CHECK(WrittenFiles(folder_of(folder)).remove_all());
    CHECK_FALSE(fs::exists(folder.file("logs")));
}

TEST_CASE("a lock names its holder and ends with its process") {
    const TempFolder folder;
    const std::string path = folder.file("lock");
    CHECK(FileLock::holder(path).empty());
    int ready[2];
    int go[2];
    REQUIRE((::pipe(ready) == 0 && ::pipe(go) == 0));
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = FileLock::take(path);
        const char held = std::holds_alternative<FileLock>(lock) ? 'y' : 'n';
        char byte = 0;
        ::close(go[1]);
        if (::write(ready[1], &held, 1) == 1) static_cast<void>(!::read(go[0], &byte, 1));
        ::_exit(0);
    }
    char held = 0;
    REQUIRE(::read(ready[0], &held, 1) == 1);
    CHECK(held == 'y');
    const std::string who = "process " + std::to_string(child) + ", started in " + fs::current_path().string();
    CHECK(FileLock::holder(path) == who);
    const auto second = FileLock::take(path);
    REQUIRE(std::holds_alternative<FileLock::Taken>(second));
    CHECK(std::get<FileLock::Taken>(second).by == who);
    ::close(go[1]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(FileLock::holder(path).empty());
    CHECK(std::holds_alternative<FileLock>(FileLock::take(path)));
    CHECK(std::holds_alternative<std::string>(FileLock::take(folder.file("none/lock"))));
    for (const int fd : {ready[0], ready[1], go[0]}) ::close(fd);
}

TEST_CASE("a file is replaced at once: links are followed, permissions kept, devices written to, neighbours left") {
    const TempFolder folder;
    put(folder.file("target"), "old");
    ::chmod(folder.file("target").c_str(), 0640);
    fs::create_symlink("target", folder.file("link"));
    put(folder.file("link.new"), "theirs");
    CHECK(replace_file(folder.file("link"), "new").empty());
    CHECK(fs::is_symlink(folder.file("link")));
    CHECK(text_of(folder.file("target")) == "new");
    CHECK((static_cast<unsigned>(fs::status(folder.file("target")).permissions()) & 0777U) == 0640U);
    CHECK(text_of(folder.file("link.new")) == "theirs");
    CHECK(replace_file("/dev/null", "x").empty());
    CHECK(fs::is_character_file("/dev/null"));
    CHECK(replace_file("/dev/full", "x").find("No space left") != std::string::npos);
    CHECK(replace_file(folder.file("."), "x").find("Is a directory") != std::string::npos);
    CHECK(std::distance(fs::directory_iterator(folder.file(".")), {}) == 3);  // nothing else is left there
}

TEST_CASE("a folder is not read as a file") {
    const TempFolder folder;
    CHECK(text_of(folder.file(".")).find("Is a directory") != std::string::npos);
    CHECK(text_of(folder.file("none")).find("No such file") != std::string::npos);
}
