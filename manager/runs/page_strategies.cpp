#include "manager/runs/page_strategies.hpp"

#include "manager/base/json_object.hpp"

namespace gossip {
namespace {

template <class Table, class Row>
std::string rows_json(const Table& table, const Row* own) {
    std::string rows;
    for (const Row* row : table) {
        const auto& facts = row->facts();
        JsonObject json;
        json.text("name", facts.name).text("rule", facts.rule).text("source", facts.source).flag("own", row == own);
        rows += (rows.empty() ? "" : ",") + json.done();
    }
    return "[" + rows + "]";
}

}  // namespace

std::string strategies_json(const Config& config) {
    JsonObject out;
    out.raw("overlay", rows_json(overlay_strategies(), config.overlay.strategy));
    out.raw("spread", rows_json(spread_modes(), config.gossip.mode));
    return out.done();
}

}  // namespace gossip
