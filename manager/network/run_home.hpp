#pragma once
// The folder of a network of processes: its logs, its seeds' journals, the list of its seeds. A recorded run has one;
// else it is made in log.dir, and removed when the next network starts.

#include "manager/network/log_view.hpp"
#include "node/base/file_lock.hpp"
#include "node/config/seed_list_file.hpp"
#include "protocol/types.hpp"

#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct NetworkPlan;

class RunHome {
public:
    // Makes the folders and locks what two networks must not share. The error is one line.
    [[nodiscard]] static std::variant<RunHome, std::string> open(const NetworkPlan& plan);
    // Why `open` would refuse, found out without changing anything; empty when it would not.
    [[nodiscard]] static std::string problem_with(const NetworkPlan& plan);

    [[nodiscard]] std::string logs() const { return folder_ + "/logs"; }
    [[nodiscard]] const std::string& state() const { return state_; }
    [[nodiscard]] std::string seed_file() const { return folder_ + "/seeds.txt"; }

    // The seeds as they really listen, and their keys, for the nodes to read. Empty, or why it cannot be written.
    [[nodiscard]] std::string write_seeds(const SeedList& seeds) const;
    // Puts the files of nodes that will be started on the folder's list. Empty, or why not.
    [[nodiscard]] std::string expect(Role role, const std::vector<NodeId>& ids, const std::string& host) const;
    [[nodiscard]] LogView& view() { return view_; }

private:
    RunHome(std::string folder, std::string state, LogView view)
        : folder_(std::move(folder)), state_(std::move(state)), view_(std::move(view)) {}
    [[nodiscard]] std::string list_state() const;
    [[nodiscard]] std::string lock_state();

    std::string folder_;
    std::string state_;
    LogView view_;
    FileLock lock_;        // of the folder; a recorded run's folder is locked by its recorder
    FileLock state_lock_;  // of journals in a folder that the user chose
};

}  // namespace gossip
