#pragma once
// log.dir: links to the logs of the network that started last. The logs themselves are in the folders of their runs, so
// that networks which share log.dir never touch each other's.

#include <optional>
#include <string>
#include <vector>

namespace gossip {

class LogView {
public:
    using Names = std::vector<std::string>;

    // `logs` of the network whose folder is `home`. Nothing is shown where `folder` is `logs` itself.
    LogView(std::string folder, std::string home, std::string logs);

    // Empty when nothing of somebody else has one of these names in `folder`.
    [[nodiscard]] static std::string in_the_way(const std::string& folder, const Names& names);

    // From now on the folder shows this network: the links of the one before are removed.
    // Empty, or why not.
    [[nodiscard]] std::string take_over(const Names& names);
    // More of its logs, while no other network has taken over. Empty, or what cannot be shown and why.
    [[nodiscard]] std::string show(const Names& names) const;

private:
    [[nodiscard]] std::string link(const Names& names) const;

    std::string folder_;
    std::string home_;
    std::string logs_;
    bool same_{false};  // there is nothing to link
};

}  // namespace gossip
