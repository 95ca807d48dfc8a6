#pragma once
// Vectors sorted by node id: where a node stands, or would stand.

#include "protocol/types.hpp"

#include <algorithm>

namespace gossip {

// `Items` hold a member `id` and are sorted by it.
template <class Items>
[[nodiscard]] auto lower_bound_by_id(Items& items, NodeId id) {
    return std::lower_bound(items.begin(), items.end(), id, [](const auto& item, NodeId n) { return item.id < n; });
}

}  // namespace gossip
