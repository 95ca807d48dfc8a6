#include "manager/shell/completion.hpp"

#include "manager/shell/command_table.hpp"
#include "manager/view/cluster_view.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace gossip {
namespace {

using Words = std::vector<std::string>;

void add_verbs(Words& out) {
    for (const CommandSpec& spec : command_table()) out.emplace_back(spec.verb);
}

void add_nodes(Words& out, const ClusterView& view) {
    for (const auto& [id, node] : view.nodes()) {
        if (node.state != NodeState::elsewhere) out.push_back(short_name(id));
    }
}

void add_hosts(Words& out, const ClusterView& view, const std::string& before) {
    for (const std::string& host : view.hosts()) out.push_back(before + host);
}

void add_messages(Words& out, const ClusterView& view) {
    out.emplace_back("last");
    constexpr std::size_t newest = 20;
    const auto& rumors = view.rumors();
    const auto first = rumors.size() - std::min(rumors.size(), newest);
    std::for_each(std::next(rumors.begin(), static_cast<std::ptrdiff_t>(first)), rumors.end(),
                  [&](const RumorView& rumor) { out.push_back(rumor.rumor->id); });
}

void add_files(Words& out, const std::string& word) {
    namespace fs = std::filesystem;
    const fs::path typed(word);
    const fs::path folder = typed.parent_path();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.empty() ? fs::path(".") : folder, error)) {
        const std::string name = (folder / entry.path().filename()).string();
        out.push_back(entry.is_directory(error) ? name + "/" : name);
    }
}

Words candidates(const CommandSpec& spec, const std::string& word, const ClusterView& view) {
    Words out;
    const auto add = [&out](std::initializer_list<const char*> words) {
        out.insert(out.end(), words.begin(), words.end());
    };
    switch (spec.completes) {
        case Completes::groups_and_nodes:
            add({"peers", "seeds", "all", "@hub", "@random:"});
            add_hosts(out, view, "host=");
            add_nodes(out, view);
            break;
        case Completes::nodes:
            add_nodes(out, view);
            break;
        case Completes::conditions:
            add({"registered", "removed", "agree", "connected", "reached", "coverage(", "degree.max", "degree.min",
                 "degree.mean", "alive(", "votes(", "suspects", "p95(latency)", "alpha", "log", "not", "last", "all",
                 "quorum"});
            add_nodes(out, view);
            break;
        case Completes::verbs:
            add_verbs(out);
            break;
        case Completes::files:
            add_files(out, word);
            break;
        case Completes::messages:
            add_messages(out, view);
            add_nodes(out, view);
            break;
        case Completes::settings:
            add({"output", "color", "live", "timeout", "settle", "keep-going", "on", "off", "table", "json", "tsv"});
            break;
        case Completes::nothing:
            break;
    }
    return out;
}

}  // namespace

std::vector<std::string> completions(const std::string& before, const std::string& word, const ClusterView& view) {
    const std::string_view line = trim(before);
    Words out;
    if (line.empty()) {
        add_verbs(out);
    } else {
        const CommandSpec* spec = find_command(line.substr(0, line.find_first_of(" \t")));
        if (spec != nullptr && line.ends_with(" --host"))
            add_hosts(out, view, "");
        else if (spec != nullptr)
            out = candidates(*spec, word, view);
    }
    std::erase_if(out, [&](const std::string& candidate) { return !candidate.starts_with(word); });
    return out;
}

}  // namespace gossip
