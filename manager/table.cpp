#include "manager/table.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace gossip {
namespace {

const std::string& shown(const Cell& cell) { return cell.shown.empty() ? cell.text : cell.shown; }

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
    const std::string blanks(width - std::min(width, display_width(text)), ' ');
    return right ? blanks + text : text + blanks;
}

// A tab or newline would break the row.
std::string tsv_field(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '\t':
                out += "\\t";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\\':
                out += "\\\\";
                break;
            default:
                out += c;
        }
    }
    return out;
}

void trim_right(std::string& text) { text.erase(text.find_last_not_of(' ') + 1); }

}  // namespace

std::optional<TableFormat> parse_table_format(std::string_view text) {
    if (text == "table") return TableFormat::table;
    if (text == "tsv") return TableFormat::tsv;
    if (text == "json") return TableFormat::json;
    return std::nullopt;
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string Table::render(TableFormat format, bool colored) const {
    switch (format) {
        case TableFormat::tsv:
            return render_tsv();
        case TableFormat::json:
            return render_json();
        case TableFormat::table:
            break;
    }
    return render_table(colored);
}

std::vector<std::size_t> Table::columns_shown() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto empty = [i](const auto& row) { return row[i].text.empty(); };
        if (!columns_[i].rare || !std::all_of(rows_.begin(), rows_.end(), empty)) indices.push_back(i);
    }
    return indices;
}

std::string Table::render_table(bool colored) const {
    if (rows_.empty()) return {};
    const std::vector<std::size_t> indices = columns_shown();
    std::vector<std::size_t> widths(columns_.size());
    std::string heading;
    for (const std::size_t i : indices) {
        widths[i] = columns_[i].name.size();
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(shown(row[i])));
        heading += (i == 0 ? "" : "  ") + padded(upper(columns_[i].name), widths[i], columns_[i].numeric);
    }
    trim_right(heading);
    std::string out = paint(heading, Style::bold, colored) + "\n";
    for (const auto& row : rows_) {
        std::string line;
        for (const std::size_t i : indices) {
            // Nothing behind the last text: blanks inside colour codes would wrap on a narrow terminal.
            const bool open_end = i == indices.back() && !columns_[i].numeric;
            const std::string field = padded(shown(row[i]), open_end ? 0 : widths[i], columns_[i].numeric);
            line += (i == 0 ? "" : "  ") + paint(field, row[i].style, colored);
        }
        trim_right(line);
        out += line + "\n";
    }
    return out;
}

std::string Table::render_tsv() const {
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) out += (i == 0 ? "" : "\t") + columns_[i].name;
    out += "\n";
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < columns_.size(); ++i) out += (i == 0 ? "" : "\t") + tsv_field(row[i].text);
        out += "\n";
    }
    return out;
}

std::string Table::render_json() const {
    std::string out = "[";
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        out += r == 0 ? "\n  {" : ",\n  {";
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& text = rows_[r][i].text;
            const std::string bare = text.empty() ? "null" : text;
            out += (i == 0 ? "" : ", ") + json_string(columns_[i].name) + ": ";
            out += columns_[i].numeric ? bare : json_string(text);
        }
        out += "}";
    }
    return out + (rows_.empty() ? "]\n" : "\n]\n");
}

}  // namespace gossip
