#pragma once
// The page's files, put into the executable by the build (manager/web/embed.cmake).

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace gossip {

[[nodiscard]] std::optional<std::string_view> web_asset(std::string_view name);

}  // namespace gossip
