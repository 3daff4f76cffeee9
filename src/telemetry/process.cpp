#include "telemetry/process.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace edsm::telemetry {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

std::optional<double> number(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return value;
}

double count_open_fds() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // one of them is the directory being read
}

}  // namespace

std::optional<ProcessStats> parse_process_stat(std::string_view stat, double ticks_per_second,
                                               double page_bytes) {
  // The second field is the program's name in parentheses, which may hold anything.
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  std::array<double, 25> fields{};  // numbered as in proc(5)
  for (std::size_t field = 3; field < fields.size(); ++field) {
    const std::string_view word = next_word(stat);
    if (field == 3) continue;  // the state, a letter
    const auto value = number(word);
    if (!value) return std::nullopt;
    fields[field] = *value;
  }
  ProcessStats stats;
  stats.cpu_seconds = (fields[14] + fields[15]) / ticks_per_second;
  stats.start_after_boot = fields[22] / ticks_per_second;
  stats.virtual_bytes = fields[23];
  stats.resident_bytes = fields[24] * page_bytes;
  return stats;
}

std::optional<double> parse_boot_time(std::string_view stat) {
  static constexpr std::string_view key = "\nbtime ";
  const auto at = stat.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(at + key.size());
  return number(next_word(stat));
}

std::optional<Process> read_process() {
  const auto stats =
      parse_process_stat(read_file("/proc/self/stat"), static_cast<double>(::sysconf(_SC_CLK_TCK)),
                         static_cast<double>(::sysconf(_SC_PAGESIZE)));
  if (!stats) return std::nullopt;
  Process process;
  process.stats = *stats;
  process.start_time =
      parse_boot_time(read_file("/proc/stat")).value_or(0) + stats->start_after_boot;
  process.open_fds = count_open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    process.max_fds = static_cast<double>(limit.rlim_cur);
  return process;
}

}  // namespace edsm::telemetry
