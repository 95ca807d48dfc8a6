#pragma once
// Maps dense node numbers to node ids and back. Consecutive nodes mostly have consecutive ids, so only the start of
// each such run is stored: a million nodes make about twenty runs, which fit in a few cache lines.

#include "protocol/types.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

namespace gossip::sim {

// Dense number of a node in a simulator, in the order of creation.
using NodeIndex = std::uint32_t;
constexpr NodeIndex no_node = 0xffffffff;

class NodeIds {
public:
    // The id must be new.
    NodeIndex add(NodeId id);
    [[nodiscard]] NodeIndex size() const { return size_; }
    [[gnu::always_inline]] [[nodiscard]] NodeId operator[](std::size_t node) const {
        const std::size_t block = node >> block_bits;
        std::uint32_t run = run_of_[block];
        const std::uint32_t last = block + 1 < run_of_.size() ? run_of_[block + 1] : last_run();
        if (run != last) run = search(run, last, static_cast<NodeIndex>(node));
        return NodeId{runs_[run].id + (node - runs_[run].node)};
    }
    [[nodiscard]] NodeIndex find(NodeId id) const;  // no_node if the id is unknown

    class Iterator {
    public:
        using value_type = NodeId;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;
        using pointer = const NodeId*;
        using reference = NodeId;

        Iterator() = default;
        Iterator(const NodeIds& ids, NodeIndex at) : ids_(&ids), at_(at) {}
        NodeId operator*() const { return (*ids_)[at_]; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        Iterator operator++(int) { return {*ids_, at_++}; }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

    private:
        const NodeIds* ids_{nullptr};
        NodeIndex at_{0};
    };
    [[nodiscard]] Iterator begin() const { return {*this, 0}; }
    [[nodiscard]] Iterator end() const { return {*this, size_}; }
    [[nodiscard]] NodeId front() const { return (*this)[0]; }

private:
    static constexpr int block_bits = 10;
    struct Run {
        std::uint64_t id;  // of its first node
        NodeIndex node;
    };
    [[nodiscard]] std::uint32_t last_run() const { return static_cast<std::uint32_t>(runs_.size() - 1); }
    [[nodiscard]] std::uint32_t search(std::uint32_t first, std::uint32_t last, NodeIndex node) const;
    [[nodiscard]] NodeIndex length(std::uint32_t run) const;

    std::vector<Run> runs_;                         // ascending by node
    std::vector<std::uint32_t> run_of_;             // for each block of 1,024 nodes, the run of its first node
    std::map<std::uint64_t, std::uint32_t> by_id_;  // first id of a run -> run
    NodeIndex size_{0};
};

}  // namespace gossip::sim
