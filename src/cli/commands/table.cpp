#include "cli/commands/table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace edsm::cli {
namespace {

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

const std::string& shown(const std::string& cell) {
  static const std::string nothing = "-";
  return cell.empty() ? nothing : cell;
}

std::string line(const Row& row, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const auto& cell = shown(row[column]);
    text += cell;
    if (column + 1 < row.size()) text.append(widths[column] - width(cell) + 2, ' ');
  }
  return text + "\n";
}

}  // namespace

std::string table(const Row& head, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& title : head) widths.push_back(width(title));
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], width(shown(row[column])));
    }
  }
  std::string text = line(head, widths);
  for (const auto& row : rows) text += line(row, widths);
  return text;
}

std::string age(base::Duration time) {
  const auto seconds = std::max<std::int64_t>(0, time / std::chrono::seconds(1));
  constexpr std::array<std::pair<std::int64_t, char>, 3> kUnits = {
      {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}}};
  for (const auto& [size, letter] : kUnits) {
    // Two of a unit at least: "90s" says more than "1m".
    if (seconds >= 2 * size) return fmt::format("{}{}", seconds / size, letter);
  }
  return fmt::format("{}s", seconds);
}

std::string counted(std::size_t number, const std::string& noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace edsm::cli
