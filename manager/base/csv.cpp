#include "manager/base/csv.hpp"

namespace gossip {
namespace {

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string out = "\"";
    for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

// One field from `at` on, which moves behind it; nothing when its quotes do not end.
std::optional<std::string> next_field(std::string_view text, std::size_t& at) {
    std::string field;
    if (at == text.size() || text[at] != '"') {
        while (at < text.size() && text[at] != ',' && text[at] != '\r' && text[at] != '\n') field += text[at++];
        return field;
    }
    for (++at; at < text.size(); ++at) {
        if (text[at] != '"') {
            field += text[at];
            continue;
        }
        ++at;
        if (at == text.size() || text[at] != '"') return field;
        field += '"';
    }
    return std::nullopt;
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
    std::string out;
    for (std::size_t i = 0; i < fields.size(); ++i) out += (i == 0 ? "" : ",") + quoted(fields[i]);
    return out + "\r\n";
}

std::optional<std::vector<std::vector<std::string>>> parse_csv(std::string_view text) {
    std::vector<std::vector<std::string>> rows;
    std::size_t at = 0;
    while (at < text.size()) {
        rows.emplace_back();
        do {
            auto field = next_field(text, at);
            if (!field) return std::nullopt;
            rows.back().push_back(*std::move(field));
        } while (at < text.size() && text[at] == ',' && ++at);
        if (at < text.size() && text[at] == '\r') ++at;
        if (at < text.size() && text[at] == '\n') ++at;
    }
    return rows;
}

}  // namespace gossip
