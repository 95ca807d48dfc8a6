#pragma once
// Which requests are answered, and the files of the page.

#include "manager/page/web_server.hpp"

#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

// True when the request names this machine as its host and comes from a page of ours. A foreign name that resolves
// to 127.0.0.1 is refused (DNS rebinding). The port may differ, as it does through a tunnel.
[[nodiscard]] bool host_allowed(std::string_view host);
[[nodiscard]] bool origin_allowed(std::string_view origin, std::string_view host);
// The refusal of a request that comes from elsewhere.
[[nodiscard]] std::optional<WebReply> refuse_elsewhere(const WebRequest& request);
// The refusal of a POST without "Bearer TOKEN".
[[nodiscard]] std::optional<WebReply> refuse_stranger(const WebRequest& request, std::string_view token);
[[nodiscard]] WebReply refusal(unsigned status, std::string_view why);

// A file of the page, "/" being the page itself; 404 when there is none.
[[nodiscard]] WebReply page_file(const std::string& path);
[[nodiscard]] std::string random_hex(int words);

// The page's address, or why there is none. Another port where the wanted one is taken.
[[nodiscard]] std::optional<std::string> serve_at(WebServer& server, NodeId listen, const std::string& token,
                                                  std::string& url);

}  // namespace gossip
