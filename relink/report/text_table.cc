// Column widths: what the widest cell needs; if the terminal is narrower, sentences give way first, then
// names.
#include "relink/report/text_table.h"

#include "relink/report/wording.h"

#include <algorithm>
#include <numeric>

namespace romlink::report {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::string_view kNoteIndent = "    ";
constexpr std::size_t kShortestName = 20;
constexpr std::size_t kShortestSentence = 16;

/// Takes what is missing from every column of this kind, but leaves `least` columns.
void shrink(const std::vector<Column>& columns, Align align, std::size_t least, std::size_t& excess,
            std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].align != align || widths[i] <= least)
      continue;
    const std::size_t taken = std::min(excess, widths[i] - least);
    widths[i] -= taken;
    excess -= taken;
  }
}

} // namespace

std::vector<std::size_t> TextTable::widths(unsigned width) const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_)
    widths.push_back(columnsOf(column.title));
  for (const Row& row : rows_)
    for (std::size_t i = 0; i < columns_.size(); ++i)
      widths[i] = std::max(widths[i], columnsOf(row.cells[i]));

  const std::size_t needed =
      std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + kGap * (columns_.size() - 1);
  if (width > 0 && needed > width) {
    std::size_t excess = needed - width;
    shrink(columns_, Align::Sentence, kShortestSentence, excess, widths);
    shrink(columns_, Align::Name, kShortestName, excess, widths);
  }
  return widths;
}

std::string TextTable::line(const std::vector<std::string>& cells,
                            const std::vector<std::size_t>& widths) const {
  std::string out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string cell =
        columns_[i].align == Align::Name ? cutMiddle(cells[i], widths[i]) : cut(cells[i], widths[i]);
    const std::string padding(widths[i] - columnsOf(cell), ' ');
    out += columns_[i].align == Align::Right ? padding + cell : cell + padding;
    out.append(kGap, ' ');
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string TextTable::noteOf(const Row& row, unsigned width) {
  const std::size_t room = width - std::min<std::size_t>(width, kNoteIndent.size());
  return width == 0 ? row.note : cut(row.note, room);
}

std::string TextTable::print(unsigned width, const Pen& pen) const {
  const std::vector<std::size_t> widths = this->widths(width);
  std::vector<std::string> titles;
  std::vector<std::string> rules;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    rules.emplace_back(columns_[i].title.empty() ? 0 : widths[i], '-');
  }
  std::string out = pen.bold(line(titles, widths)) + '\n' + pen.faint(line(rules, widths)) + '\n';
  for (const Row& row : rows_) {
    const std::string text = line(row.cells, widths);
    out += row.tone == Tone::Good ? pen.good(text) : row.tone == Tone::Strong ? pen.bold(text) : text;
    out += '\n';
    if (!row.note.empty())
      out.append(kNoteIndent).append(pen.faint(noteOf(row, width))).append("\n");
  }
  return out;
}

} // namespace romlink::report
