#include "manager/page/recorded_site.hpp"

namespace gossip {

RecordedSite::RecordedSite(EventLoop& loop, Source source, Act act)
    : source_(std::move(source)),
      act_(std::move(act)),
      token_(random_hex(4)),
      feed_(random_hex(2)),
      server_(loop.io(), feed_,
              [this](const WebRequest& request, const WebServer::Answer& reply) { reply(answer(request)); }) {}

int serve_until_ended(EventLoop& loop) {
    const WaitEnd end = loop.run_until([] { return false; });
    return end == WaitEnd::terminated ? 128 + loop.termination() : 0;
}

WebReply RecordedSite::answer(const WebRequest& request) const {
    if (auto no = refuse_elsewhere(request)) return std::move(*no);
    if (request.path == "/api/act" && act_) {
        if (request.method != "POST") return refusal(405, "an act is posted");
        if (auto no = refuse_stranger(request, token_)) return std::move(*no);
        return act_(request.body);
    }
    if (request.method != "GET") return refusal(405, "nothing can be done to what is over");
    if (request.path == "/api/source") return {200, "application/json", source_() + "\n"};
    return page_file(request.path);
}

}  // namespace gossip
