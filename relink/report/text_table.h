// A table in plain text: aligned columns two blanks apart, a rule under the titles, no trailing blanks.
#pragma once

#include <string>
#include <vector>

namespace romlink::report {

/// Wraps text in ANSI colours (ECMA-48 SGR), or leaves it alone.
class Pen {
public:
  explicit Pen(bool colour) : colour_(colour) {}

  [[nodiscard]] std::string good(const std::string& text) const { return wrap("32", text); }
  [[nodiscard]] std::string bad(const std::string& text) const { return wrap("1;31", text); }
  [[nodiscard]] std::string bold(const std::string& text) const { return wrap("1", text); }
  [[nodiscard]] std::string faint(const std::string& text) const { return wrap("2", text); }

private:
  [[nodiscard]] std::string wrap(const char* code, const std::string& text) const {
    return colour_ ? "\x1b[" + std::string(code) + 'm' + text + "\x1b[0m" : text;
  }
  bool colour_;
};

enum class Align {
  Left,
  Right,
  Name,     ///< left; cut in its middle where the terminal is too narrow
  Sentence, ///< left, last column; cut at its end where the terminal is too narrow
};

/// How a whole row is coloured.
enum class Tone { Plain, Good, Strong };

struct Column {
  std::string title;
  Align align;
};

class TextTable {
public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// REQUIRES: one printable cell for each column.
  void add(std::vector<std::string> cells, Tone tone) { rows_.push_back({std::move(cells), tone, {}}); }
  /// A sentence of its own line beneath the last row; none if it is empty. REQUIRES: there is a row.
  void addNote(std::string note) { rows_.back().note = std::move(note); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// Lines, each ended by '\n'. `width` 0: no limit.
  [[nodiscard]] std::string print(unsigned width, const Pen& pen) const;

private:
  struct Row {
    std::vector<std::string> cells;
    Tone tone;
    std::string note;
  };
  [[nodiscard]] static std::string noteOf(const Row& row, unsigned width);
  [[nodiscard]] std::vector<std::size_t> widths(unsigned width) const;
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

} // namespace romlink::report
