#include "manager/network/log_view.hpp"

#include "node/base/file.hpp"
#include "node/base/file_lock.hpp"
#include "node/base/written_files.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view advice = "log.dir";

// The network that log.dir shows, by its folder.
std::string shown_file(const std::string& folder) { return folder + "/.gossipctl-shown"; }

std::string shown_in(const std::string& folder) {
    std::ifstream file(shown_file(folder));
    std::string home;
    std::getline(file, home);
    return home;
}

FileLock lock(const std::string& folder) { return FileLock::await(folder + "/" + std::string(FileLock::in_folder)); }

// The folder of a run that was not recorded, once nobody uses it.
void remove_home(WrittenFiles& written, const std::string& folder, const std::string& name) {
    const std::string home = folder + "/" + name;
    if (!written.wrote(name) || !FileLock::holder(home + "/" + std::string(FileLock::in_folder)).empty()) return;
    if (WrittenFiles(home).remove_all()) written.remove(name);
}

std::string clean(const std::string& folder) {
    WrittenFiles written(folder);
    const auto before = written.entries();
    for (const auto& [name, kind] : before) {
        if (kind == WrittenFiles::Kind::link) written.remove(name);
        if (kind == WrittenFiles::Kind::folder) remove_home(written, folder, name);
    }
    return written.forget_gone();
}

}  // namespace

LogView::LogView(std::string folder, std::string home, std::string logs)
    : folder_(std::move(folder)), home_(std::move(home)), logs_(std::move(logs)) {
    std::error_code ignored;
    same_ = fs::equivalent(folder_, logs_, ignored);
    home_ = fs::absolute(home_, ignored).string();
}

std::string LogView::in_the_way(const std::string& folder, const Names& names) {
    return WrittenFiles(folder).in_the_way(names, advice);
}

std::string LogView::take_over(const Names& names) {
    if (same_) return {};
    const FileLock held = lock(folder_);
    if (std::string problem = in_the_way(folder_, names); !problem.empty()) return problem;
    if (std::string problem = clean(folder_); !problem.empty()) return problem;
    WrittenFiles written(folder_);
    const std::string shown = fs::path(shown_file(folder_)).filename().string();
    if (std::string problem = written.write(shown, home_ + "\n", advice); !problem.empty()) return problem;
    return link(names);
}

std::string LogView::show(const Names& names) const {
    if (same_) return {};
    const FileLock held = lock(folder_);
    return shown_in(folder_) == home_ ? link(names) : std::string();
}

std::string LogView::link(const Names& names) const {
    WrittenFiles written(folder_);
    std::error_code error;
    const fs::path logs = fs::relative(logs_, folder_, error);
    for (const std::string& name : names) {
        if (std::string problem = written.in_the_way(name, advice); !problem.empty()) return problem;
        if (std::string problem = written.add(WrittenFiles::Kind::link, {name}); !problem.empty()) return problem;
        if (written.wrote(name)) continue;
        fs::create_symlink(logs / name, folder_ + "/" + name, error);
        if (error) return "cannot make the link " + folder_ + "/" + name + ": " + error.message();
    }
    return {};
}

}  // namespace gossip
