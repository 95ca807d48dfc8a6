#include "manager/view/step_text.hpp"

#include "manager/base/terminal.hpp"
#include "manager/view/cluster_view.hpp"
#include "protocol/log_text.hpp"
#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

namespace gossip {

std::string step_text(const Notice& notice) {
    std::string text = log_text(notice);
    for (std::size_t end; (end = text.find('\n')) != std::string::npos;) text.replace(end, 1, "; ");
    if (!text.empty()) return printable(text);
    if (notice.kind == NoticeKind::member_added)
        return "In its list from epoch " + std::to_string(notice.epoch) + " on";
    text = std::string(kind_name(notice.kind));
    if (notice.other != NodeId::none) text += " " + short_name(notice.other);
    if (!notice.text.empty()) text += ": " + printable(notice.text);
    return text;
}

}  // namespace gossip
