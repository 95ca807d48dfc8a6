#pragma once
// The list of what gossipctl wrote in a folder, kept in the folder itself. Only what is on it is ever replaced or
// removed: everything else there is somebody else's.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

class WrittenFiles {
public:
    enum class Kind { file, link, folder };
    using Names = std::vector<std::string>;

    static constexpr std::string_view list_name = ".gossipctl-files";

    // Reads the list; a folder without one has an empty list.
    explicit WrittenFiles(std::string folder);

    [[nodiscard]] const std::map<std::string, Kind>& entries() const { return entries_; }
    // On the list, still of the kind that was written, and in this folder: not behind a link in it.
    [[nodiscard]] bool wrote(const std::string& name) const;
    // Empty, or that something of somebody else has this name, and what to do; `other` is the option or key that names
    // the folder.
    [[nodiscard]] std::string in_the_way(const std::string& name, std::string_view other) const;
    [[nodiscard]] std::string in_the_way(const Names& names, std::string_view other) const;

    // Puts names on the list, to be called before they are written: a crash leaves nothing of ours off the list.
    // Empty, or why not.
    [[nodiscard]] std::string add(Kind kind, const Names& names);
    // Puts `name` on the list and replaces the file. Empty, or why not.
    [[nodiscard]] std::string write(const std::string& name, std::string_view text, std::string_view other);
    // Removes what was written under this name and is still of its kind, a folder only when it is empty. True when
    // nothing of ours is left of it.
    bool remove(const std::string& name);
    // Removes all that was written, and the list. False when something stays: a folder that holds other files.
    bool remove_all();
    // Takes what is gone off the list. To be called while nobody else adds to it.
    [[nodiscard]] std::string forget_gone();

private:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
    std::map<std::string, Kind> entries_;
};

}  // namespace gossip
