#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::cli {

using Row = std::vector<std::string>;

/// Columns under their heads, each as wide as its widest cell, two spaces between them, nothing at
/// the ends of lines. An empty cell shows as "-". Widths are counted in code points of UTF-8.
std::string table(const Row& head, const std::vector<Row>& rows);

/// "12s", "5m", "3h", "12d": the largest unit that fits, as kubectl writes ages. Less than nothing
/// is "0s".
std::string age(base::Duration time);

/// "1 pod", "2 pods".
std::string counted(std::size_t number, const std::string& noun);

}  // namespace edsm::cli
