#pragma once
// Everything that lists: one set of rows as an aligned table for people, as TSV or JSON for programs.

#include "manager/base/terminal.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gossip {

enum class TableFormat : std::uint8_t { table, tsv, json };
[[nodiscard]] std::optional<TableFormat> parse_table_format(std::string_view text);

struct Column {
    std::string name;     // the JSON key and TSV heading; upper-cased over a table
    bool numeric{false};  // right-aligned; unquoted in JSON
    bool rare{false};     // a table leaves it out when it is empty in every row
};

struct Cell {
    std::string text;
    std::string shown{};  // what a table shows instead, when people want it shorter: "12 MB", "127.0.0.1:" left out
    Style style{Style::plain};
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // Cells left out at the end are empty.
    void add(std::vector<Cell> row) {
        row.resize(columns_.size());
        rows_.push_back(std::move(row));
    }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // Ends with a newline; a table without rows is empty text, JSON without rows "[]". A table that is wider than
    // `width` columns (0: none) goes on in further lines within its widest columns of text.
    [[nodiscard]] std::string render(TableFormat format, bool colored, std::size_t width = 0) const;

private:
    [[nodiscard]] std::vector<std::size_t> columns_shown() const;
    [[nodiscard]] std::string render_table(bool colored, std::size_t width) const;
    [[nodiscard]] std::vector<std::size_t> column_widths(const std::vector<std::size_t>& shown,
                                                         std::size_t width) const;
    [[nodiscard]] std::string render_tsv() const;
    [[nodiscard]] std::string render_json() const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

[[nodiscard]] std::string json_string(std::string_view text);
// How many terminal cells UTF-8 text takes takes: letters of East Asia and emoji two, marks that combine none.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace gossip
