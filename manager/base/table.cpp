#include "manager/base/table.hpp"

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

struct Letters {
    char32_t first;
    char32_t last;
};
// Unicode Standard Annex 11: the blocks of letters that take two columns (East Asian Wide and Fullwidth, emoji) …
constexpr Letters wide[] = {
    {0x1100, 0x115f}, {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653}, {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x2705, 0x2705},   {0x274c, 0x274c},
    {0x2753, 0x2755}, {0x2795, 0x2797},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
    {0xa960, 0xa97c}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6fc}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};
// … and of those that take none: marks that combine, joiners, variation selectors.
constexpr Letters without_width[] = {{0x300, 0x36f},    {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                     {0x64b, 0x65f},    {0x1ab0, 0x1ace}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                                     {0x20d0, 0x20f0},  {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
                                     {0xe0100, 0xe01ef}};

template <std::size_t N>
bool is_among(char32_t letter, const Letters (&ranges)[N]) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [letter](const Letters& r) { return letter >= r.first && letter <= r.last; });
}

constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The letter at `at`, which moves behind it; a byte that begins none stands for itself.
char32_t next_letter(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    char32_t letter = lead < 0xc0 ? lead : lead < 0xe0 ? lead & 0x1fU : lead < 0xf0 ? lead & 0x0fU : lead & 0x07U;
    for (; at < text.size() && continues(text[at]); ++at) {
        letter = (letter << 6U) | (static_cast<unsigned char>(text[at]) & 0x3fU);
    }
    return letter;
}

std::size_t width_of(char32_t letter) { return is_among(letter, wide) ? 2 : is_among(letter, without_width) ? 0 : 1; }

// How many bytes of it fit into so many columns; a blank is the best place to break, behind the last that fits.
std::size_t fitting(std::string_view text, std::size_t width) {
    std::size_t blank = 0;
    std::size_t used = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        used += width_of(next_letter(text, at));
        if (used > width && begin > 0) return text[begin] == ' ' || blank == 0 ? begin : blank;
        if (text[begin] == ' ') blank = at;
    }
    return text.size();
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    do {
        const std::size_t end = fitting(text, width);
        lines.emplace_back(text.substr(0, end));
        if (end < text.size()) lines.back().erase(lines.back().find_last_not_of(' ') + 1);
        text.remove_prefix(end);
        while (text.starts_with(' ')) text.remove_prefix(1);
    } while (!text.empty());
    return lines;
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
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        width += width_of(next_letter(text, at));
    }
    return width;
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

std::string Table::render(TableFormat format, bool colored, std::size_t width) const {
    switch (format) {
        case TableFormat::tsv:
            return render_tsv();
        case TableFormat::json:
            return render_json();
        case TableFormat::table:
            break;
    }
    return render_table(colored, width);
}

std::vector<std::size_t> Table::columns_shown() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto empty = [i](const auto& row) { return row[i].text.empty(); };
        if (!columns_[i].rare || !std::all_of(rows_.begin(), rows_.end(), empty)) indices.push_back(i);
    }
    return indices;
}

// The widest columns of text give way, evenly, until the line fits or they would be unreadable.
std::vector<std::size_t> Table::column_widths(const std::vector<std::size_t>& shown_columns, std::size_t width) const {
    constexpr std::size_t least = 12;
    std::vector<std::size_t> widths(columns_.size());
    std::size_t line = 0;
    for (const std::size_t i : shown_columns) {
        widths[i] = columns_[i].name.size();
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(shown(row[i])));
        line += widths[i] + (i == shown_columns.front() ? 0 : 2);
    }
    for (; width != 0 && line > width; --line) {
        std::size_t widest = columns_.size();
        for (const std::size_t i : shown_columns) {
            const bool gives = !columns_[i].numeric && widths[i] > std::max(least, columns_[i].name.size());
            if (gives && (widest == columns_.size() || widths[i] > widths[widest])) widest = i;
        }
        if (widest == columns_.size()) break;
        --widths[widest];
    }
    return widths;
}

std::string Table::render_table(bool colored, std::size_t width) const {
    if (rows_.empty()) return {};
    const std::vector<std::size_t> indices = columns_shown();
    const std::vector<std::size_t> widths = column_widths(indices, width);
    std::string heading;
    for (const std::size_t i : indices) {
        heading += (i == indices.front() ? "" : "  ") + padded(upper(columns_[i].name), widths[i], columns_[i].numeric);
    }
    trim_right(heading);
    std::string out = paint(heading, Style::bold, colored) + "\n";
    for (const auto& row : rows_) {
        std::vector<std::vector<std::string>> cells(columns_.size());
        std::size_t lines = 1;
        for (const std::size_t i : indices) {
            cells[i] = wrapped(shown(row[i]), widths[i]);
            lines = std::max(lines, cells[i].size());
        }
        for (std::size_t n = 0; n < lines; ++n) {
            std::string line;
            for (const std::size_t i : indices) {
                // Nothing behind the last text: blanks inside colour codes would wrap on a narrow terminal.
                const bool open_end = i == indices.back() && !columns_[i].numeric;
                const std::string text = n < cells[i].size() ? cells[i][n] : "";
                const std::string field = padded(text, open_end ? 0 : widths[i], columns_[i].numeric);
                line += (i == indices.front() ? "" : "  ") + paint(field, row[i].style, colored && !text.empty());
            }
            trim_right(line);
            out += line + "\n";
        }
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
