#include "protocol/memory/slim_vector.hpp"

#include "protocol/memory/copy_on_write.hpp"
#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace gossip;

namespace {

using Item = std::shared_ptr<std::uint64_t>;  // counts who holds it: nothing may be lost or held twice

bool same(const SlimVector<Item>& ours, const std::vector<Item>& twin) {
    if (ours.size() != twin.size()) return false;
    for (std::size_t i = 0; i < twin.size(); ++i) {
        if (ours[i] != twin[i] || twin[i].use_count() != 2) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a slim vector agrees with std::vector under random changes, and lets go of all it held") {
    static_assert(sizeof(SlimVector<Item>) == 8);
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        SlimVector<Item> ours;
        std::vector<Item> twin;
        for (int i = 0; i < 200; ++i) {
            const auto at = static_cast<std::ptrdiff_t>(rng.below(twin.size() + 1));
            if (twin.empty() || rng.chance(600'000)) {
                const auto item = std::make_shared<std::uint64_t>(i);
                ours.insert(ours.begin() + at, item);
                twin.insert(twin.begin() + at, item);
            } else if (rng.chance(800'000)) {
                const std::ptrdiff_t last = std::min<std::ptrdiff_t>(at, std::ssize(twin) - 1);
                ours.erase(ours.begin() + last);
                twin.erase(twin.begin() + last);
            } else {
                const auto odd = [](const Item& item) { return *item % 2 == 1; };
                erase_if(ours, odd);
                std::erase_if(twin, odd);
            }
            REQUIRE(same(ours, twin));
        }
        SlimVector<Item> copy = ours;
        SlimVector<Item> moved = std::move(copy);
        CHECK(moved.size() == twin.size());
        moved = SlimVector<Item>();
        REQUIRE(same(ours, twin));
    }
}

TEST_CASE("what lies beside the items moves with them") {
    static_assert(sizeof(SlimVector<int, Item>) == 8);
    SlimVector<int, Item> vector;
    CHECK(vector.beside() == nullptr);
    vector.push_back(1);
    CHECK(*vector.beside() == nullptr);
    const Item item = std::make_shared<std::uint64_t>(7);
    *vector.beside() = item;
    for (int i = 2; i <= 100; ++i) vector.push_back(i);
    CHECK(*vector.beside() == item);
    SlimVector<int, Item> copy = vector;
    vector.clear();
    CHECK(item.use_count() == 3);
    vector = SlimVector<int, Item>();
    CHECK(item.use_count() == 2);
    CHECK(*copy.beside() == item);
}

TEST_CASE("what only several items need comes with room for the second") {
    using Several = SlimVector<Item, Item, 2>;
    static_assert(Several::bytes_for(1) == 8 + sizeof(Item) && Several::bytes_for(2) == 8 + 3 * sizeof(Item));
    const Item first = std::make_shared<std::uint64_t>(1);
    Several vector;
    vector.push_back(first);
    CHECK(vector.beside() == nullptr);
    CHECK(Several(vector).beside() == nullptr);
    vector.push_back(std::make_shared<std::uint64_t>(2));
    REQUIRE(vector.beside() != nullptr);
    CHECK(vector.front() == first);
    CHECK(first.use_count() == 2);
    const Item item = std::make_shared<std::uint64_t>(7);
    *vector.beside() = item;
    for (std::uint64_t i = 3; i <= 100; ++i) vector.push_back(std::make_shared<std::uint64_t>(i));
    vector.erase(vector.begin() + 1, vector.end());
    CHECK(*vector.beside() == item);  // stays when they leave
    const Several copy = vector;
    CHECK(*copy.beside() == item);
    CHECK(copy.size() == 1);
    CHECK(copy.front() == first);
    vector = Several();
    CHECK(item.use_count() == 2);
    CHECK(first.use_count() == 2);
}

TEST_CASE("what is shared is copied when one of its holders changes it") {
    static_assert(sizeof(CopyOnWrite<std::vector<int>>) == 8);
    CopyOnWrite<std::vector<int>> first(std::vector{1, 2});
    CopyOnWrite<std::vector<int>> second = first;
    const int* const kept = first->data();
    CHECK(second->data() == kept);
    second.mutable_value().push_back(3);
    CHECK(*first == std::vector{1, 2});
    CHECK(*second == std::vector{1, 2, 3});
    first.mutable_value().push_back(4);
    CHECK(first->size() == 3);
    second = first;
    CHECK(second == first);
    CHECK(CopyOnWrite<int>{} == CopyOnWrite<int>(0));
}
