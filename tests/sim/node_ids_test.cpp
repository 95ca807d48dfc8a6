#include "sim/engine/node_ids.hpp"

#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

using namespace gossip;
using namespace gossip::sim;

namespace {

// Compares with a table of all ids.
void check(const std::vector<std::uint64_t>& numbers) {
    NodeIds ids;
    std::map<std::uint64_t, NodeIndex> naive;
    for (const std::uint64_t number : numbers) {
        naive.emplace(number, static_cast<NodeIndex>(naive.size()));
        CHECK(ids.find(NodeId{number}) == no_node);
        CHECK(ids.add(NodeId{number}) == naive.size() - 1);
    }
    bool agree = ids.size() == numbers.size();
    for (const auto& [number, node] : naive) {
        agree = agree && ids[node] == NodeId{number} && ids.find(NodeId{number}) == node;
        for (const std::uint64_t beside : {number - 1, number + 1}) {
            const auto known = naive.find(beside);
            agree = agree && ids.find(NodeId{beside}) == (known == naive.end() ? no_node : known->second);
        }
    }
    CHECK(agree);
    CHECK(std::equal(ids.begin(), ids.end(), numbers.begin(), numbers.end(),
                     [](NodeId id, std::uint64_t number) { return id == NodeId{number}; }));
}

}  // namespace

TEST_CASE("names of nodes: long runs, with gaps between, at any place of a block") {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t run = 0; run < 9; ++run) {
        for (std::uint64_t i = 0; i < 500 + 100 * run; ++i) numbers.push_back((run * 7 % 9) * 65536 + 7000 + i);
    }
    check(numbers);
}

TEST_CASE("names of nodes: each apart, and runs that go on or stop at random") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        const std::uint64_t breaks = 1 + rng.below(100);  // of a hundred
        std::set<std::uint64_t> taken;
        std::vector<std::uint64_t> numbers;
        std::uint64_t number = 1'000'000;
        while (numbers.size() < 3000) {
            number = rng.below(100) < breaks ? 1 + rng.below(1'000'000) : number + 1;
            if (taken.insert(number).second) numbers.push_back(number);
        }
        check(numbers);
    }
}
