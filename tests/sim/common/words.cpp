#include "sim/common/words.hpp"

#include <array>
#include <chrono>

#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::sim {

std::string_view text_at(const boost::json::object& object, std::string_view name) {
  const auto* const found = object.if_contains({name.data(), name.size()});
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

boost::json::object parse_query(std::string_view text) {
  boost::json::object query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    const auto equal = pair.find('=');
    const auto value =
        equal == std::string_view::npos ? std::string_view() : pair.substr(equal + 1);
    query[net::percent_decode(pair.substr(0, equal))] = net::percent_decode(value);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return query;
}

std::string bearer_of(const net::Request& request) {
  std::string_view header = request.headers.find("Authorization").value_or("");
  static constexpr std::string_view scheme = "Bearer ";
  if (!header.starts_with(scheme)) return {};
  header.remove_prefix(scheme.size());
  return std::string(header);
}

std::string uuid(Timeline& timeline) {
  const std::uint64_t high = timeline.random();
  const std::uint64_t low = timeline.random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU,
                     high & 0xfffU, ((low >> 48U) & 0x3fffU) | 0x8000U, low & 0xffffffffffffU);
}

bool chance(Timeline& timeline, unsigned per_mille) {
  // Without a draw where there is no chance: switching a fault on changes nothing before it.
  return per_mille > 0 && (timeline.random() >> 8U) % 1000 < per_mille;
}

std::string http_date(base::WallTime time) {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace edsm::sim
