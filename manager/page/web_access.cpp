#include "manager/page/web_access.hpp"

#include "manager/base/json_object.hpp"
#include "manager/base/terminal.hpp"
#include "manager/base/web_assets.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/listener.hpp"
#include "node/base/value_text.hpp"

#include <cerrno>
#include <cstdio>
#include <random>

namespace gossip {
namespace {

constexpr std::uint16_t ports_tried = 20;

std::string_view type_of(std::string_view name) {
    const std::string_view ending = name.substr(name.rfind('.') + 1);
    if (ending == "html") return "text/html; charset=utf-8";
    if (ending == "js") return "text/javascript; charset=utf-8";
    if (ending == "css") return "text/css; charset=utf-8";
    if (ending == "svg") return "image/svg+xml";
    return "text/plain; charset=utf-8";
}

// Binds the wanted port or one of the next.
std::variant<FileDescriptor, int> bind_near(NodeId& listen) {
    const Endpoint wanted = endpoint(listen);
    for (std::uint16_t i = 0; i < ports_tried && wanted.port + i <= 65535; ++i) {
        listen = node_id({wanted.ip, static_cast<std::uint16_t>(wanted.port + i)});
        auto bound = bind_listener(listen);
        if (const int* error = std::get_if<int>(&bound); error == nullptr || *error != EADDRINUSE) return bound;
    }
    return EADDRINUSE;
}

// Takes the same time wherever the texts differ, so that a token cannot be guessed byte by byte.
bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

}  // namespace

std::string random_hex(int words) {
    std::random_device device;
    std::string out;
    for (int i = 0; i < words; ++i) {
        char text[16];
        std::snprintf(text, sizeof text, "%08x", device());
        out += text;
    }
    return out;
}

WebReply refusal(unsigned status, std::string_view why) {
    return {status, "application/json", JsonObject().text("error", why).done() + "\n"};
}

bool host_allowed(std::string_view host) {
    const std::size_t colon = host.find(':');
    if (colon != std::string_view::npos && !parse_count(host.substr(colon + 1))) return false;
    const std::string_view name = host.substr(0, colon);
    if (name == "localhost") return true;
    const auto address = parse_node(std::string(name) + ":1");
    return address && endpoint(*address).ip >> 24 == 127;
}

bool origin_allowed(std::string_view origin, std::string_view host) {
    constexpr std::string_view scheme = "http://";
    return origin.empty() || (origin.starts_with(scheme) && origin.substr(scheme.size()) == host);
}

std::optional<WebReply> refuse_elsewhere(const WebRequest& request) {
    if (!host_allowed(request.host)) return refusal(403, "the page is served to this machine only (Host)");
    if (!origin_allowed(request.origin, request.host)) return refusal(403, "another page may not ask here (Origin)");
    return std::nullopt;
}

std::optional<WebReply> refuse_stranger(const WebRequest& request, std::string_view token) {
    if (same(request.authorization, "Bearer " + std::string(token))) return std::nullopt;
    return refusal(403, "a command needs the token from the address that gossipctl printed");
}

WebReply page_file(const std::string& path) {
    const std::string name = path == "/" ? "index.html" : path.substr(1);
    if (const auto asset = web_asset(name)) return {200, std::string(type_of(name)), std::string(*asset)};
    return refusal(404, "there is nothing at " + printable(path));
}

std::optional<std::string> serve_at(WebServer& server, NodeId listen, const std::string& token, std::string& url) {
    const NodeId wanted = listen;
    auto bound = bind_near(listen);
    if (const int* error = std::get_if<int>(&bound)) {
        return "no page: cannot listen on " + node_name(wanted) + ": " + error_text(*error) +
               "; set web.listen to another port";
    }
    server.start(std::move(std::get<FileDescriptor>(bound)));
    url = "http://" + node_name(listen) + "/#token=" + token;
    return std::nullopt;
}

}  // namespace gossip
