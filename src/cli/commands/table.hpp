#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::cli {

using Row = std::vector<std::string>;

/// Of what is no terminal: a file, a pipe.
inline constexpr std::size_t kAnyWidth = std::numeric_limits<std::size_t>::max();

/// How a table gives way where the terminal is too narrow for it.
struct Fit {
  std::size_t width = kAnyWidth;        ///< characters that a line of the terminal has
  std::vector<std::string> expendable;  ///< heads of columns to leave out, one after the other
  bool wraps_last =
      false;  ///< the last column is prose and goes on in a line below; others are cut
};

/// Columns under their heads, each as wide as its widest cell, two spaces between them, nothing at
/// the ends of lines. An empty cell shows as "-". Widths are counted in code points of UTF-8.
/// A cell that is cut keeps both its ends: "prod/…/password". No column gets narrower than 9, so in
/// the narrowest terminals lines are still too long.
std::string table(const Row& head, const std::vector<Row>& rows, const Fit& fit = {});

/// Of the terminal that standard output is; kAnyWidth: it is none, or does not say.
std::size_t terminal_width();

/// "12s", "5m", "3h", "12d": the largest unit that fits, as kubectl writes ages. Less than nothing
/// is "0s".
std::string age(base::Duration time);

/// What tells a version from others at a glance: the first eight characters of an id, or the number
/// in front of a creation ("7@2026-11-29T10:00:00Z").
std::string short_version(const std::string& version);

/// "1 pod", "2 pods".
std::string counted(std::size_t number, const std::string& noun);

}  // namespace edsm::cli
