#include "cli/commands/table.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace edsm::cli {
namespace {

using Widths = std::vector<std::size_t>;

constexpr std::size_t kGap = 2;
constexpr std::size_t kReadable = 24;  // what columns are cut to before others are left out
constexpr std::size_t kProse = 20;     // likewise, of the column that wraps
constexpr std::size_t kLeast = 9;

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_code_point));
}

/// Where the code point with that number begins; the end if there are fewer.
std::size_t offset_of(std::string_view text, std::size_t number) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (begins_code_point(text[at]) && number-- == 0) return at;
  }
  return text.size();
}

std::string cut(std::string_view text, std::size_t most) {
  const auto all = width(text);
  if (all <= most) return std::string(text);
  const auto end = (most - 1) / 2;
  return fmt::format("{}…{}", text.substr(0, offset_of(text, most - 1 - end)),
                     text.substr(offset_of(text, all - end)));
}

/// Lines of whole words; a word that is longer than a line is cut into pieces.
std::vector<std::string> wrapped(std::string_view text, std::size_t most) {
  std::vector<std::string> lines;
  while (width(text) > most) {
    const auto full = offset_of(text, most);
    const auto space = text.rfind(' ', full);
    const bool at_space = space != std::string_view::npos && space != 0;
    lines.emplace_back(text.substr(0, at_space ? space : full));
    text.remove_prefix(at_space ? space + 1 : full);
  }
  lines.emplace_back(text);
  return lines;
}

std::size_t line_width(const Widths& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

/// Takes from the widest columns until the line fits, or none is wider than `least`.
void narrow(Widths& widths, std::size_t room, std::size_t least) {
  while (line_width(widths) > room) {
    const auto widest = std::ranges::max_element(widths);
    if (*widest <= least) return;
    --*widest;
  }
}

/// A table whose first line is its head.
class Grid {
 public:
  Grid(const Row& head, const std::vector<Row>& rows) {
    rows_.push_back(head);
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    for (auto& row : rows_) {
      for (auto& cell : row) {
        if (cell.empty()) cell = "-";
      }
    }
    measure();
  }

  void fit(const Fit& fit) {
    squeeze(fit, kReadable);
    for (const auto& head : fit.expendable) {
      if (line_width(widths_) <= fit.width) return;
      leave_out(head);
      squeeze(fit, kReadable);
    }
    squeeze(fit, kLeast);
  }

  std::string text(bool wraps_last) const {
    std::string text;
    for (const auto& row : rows_) write(text, row, wraps_last);
    return text;
  }

 private:
  void measure() {
    widths_.assign(rows_.front().size(), 0);
    for (const auto& row : rows_) {
      for (std::size_t column = 0; column < row.size(); ++column) {
        widths_[column] = std::max(widths_[column], width(row[column]));
      }
    }
  }

  void squeeze(const Fit& fit, std::size_t least) {
    const auto all = line_width(widths_);
    if (all <= fit.width) return;
    if (fit.wraps_last) {
      auto& last = widths_.back();
      last -= std::min(all - fit.width, last - std::min(last, kProse));
    }
    narrow(widths_, fit.width, least);
  }

  void leave_out(const std::string& head) {
    const auto found = std::ranges::find(rows_.front(), head);
    if (found == rows_.front().end()) return;
    const auto column = found - rows_.front().begin();
    for (auto& row : rows_) row.erase(row.begin() + column);
    measure();
  }

  void write(std::string& text, const Row& row, bool wraps_last) const {
    const auto last = row.size() - 1;
    std::size_t indent = 0;
    for (std::size_t column = 0; column < last; ++column) {
      const auto cell = cut(row[column], widths_[column]);
      text += cell;
      text.append(widths_[column] - width(cell) + kGap, ' ');
      indent += widths_[column] + kGap;
    }
    if (!wraps_last) {
      text += cut(row[last], widths_[last]) + "\n";
      return;
    }
    std::size_t before = 0;
    for (const auto& line : wrapped(row[last], widths_[last])) {
      text.append(std::exchange(before, indent), ' ');
      text += line + "\n";
    }
  }

  std::vector<Row> rows_;
  Widths widths_;
};

}  // namespace

std::string table(const Row& head, const std::vector<Row>& rows, const Fit& fit) {
  Grid grid(head, rows);
  grid.fit(fit);
  return grid.text(fit.wraps_last);
}

std::size_t terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
    return kAnyWidth;
  }
  return size.ws_col == 0 ? kAnyWidth : size.ws_col;
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

std::string short_version(const std::string& version) {
  constexpr std::size_t kEnough = 8;
  return version.substr(0, std::min(version.find('@'), kEnough));
}

std::string counted(std::size_t number, const std::string& noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace edsm::cli
