// Times as Kubernetes (RFC 3339) and HTTP write them.
#include "base/time.hpp"
#include "net/http.hpp"
#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  if (const auto time = base::parse_rfc3339(bytes)) {
    // An offset may lead out of the four-digit years; nothing writes such times.
    const auto year =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year();
    const bool writable = year >= std::chrono::year(0) && year <= std::chrono::year(9999);
    if (writable) must(base::parse_rfc3339(base::rfc3339_micro(*time)) == time, "times survive");
  }
  if (const auto time = base::parse_http_date(bytes)) {
    must(base::parse_rfc3339(base::rfc3339(*time)) == time, "both forms mean the same");
  }
  const auto wait = net::retry_after({{"Retry-After", std::string(bytes)}});
  must(!wait || (wait->count() >= 0 && *wait <= std::chrono::hours(1)),
       "nobody can make us wait for ever");
}

}  // namespace edsm::fuzz
