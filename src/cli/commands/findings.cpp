#include "cli/commands/findings.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

std::string_view word(Level level) {
  switch (level) {
    case Level::good:
      return "ok";
    case Level::notice:
      return "note";
    case Level::unknown:
      return "unknown";
    case Level::warning:
      return "WARN";
    case Level::failure:
      return "FAIL";
  }
  return "";
}

std::size_t count(const Findings& findings, Level level) {
  return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::string as_text(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += fmt::format("{:<7} {:<11} {}\n", word(finding.level), finding.area, finding.what);
    if (!finding.remedy.empty()) text += fmt::format("{:20}-> {}\n", "", finding.remedy);
  }
  return text + fmt::format("\n{}, {}, {}, {} unknown\n", counted(findings.size(), "check"),
                            counted(count(findings, Level::failure), "failure"),
                            counted(count(findings, Level::warning), "warning"),
                            count(findings, Level::unknown));
}

std::string as_json(const Findings& findings) {
  boost::json::array list;
  for (const auto& finding : findings) {
    list.push_back({{"level", word(finding.level)},
                    {"area", finding.area},
                    {"what", finding.what},
                    {"remedy", finding.remedy}});
  }
  return boost::json::serialize(list) + "\n";
}

}  // namespace

void say(Findings& findings, Level level, std::string_view area, std::string_view what,
         std::string_view remedy) {
  findings.push_back({level, std::string(area), std::string(what), std::string(remedy)});
}

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string remedy_for(const base::Error& error, std::string_view peer) {
  switch (error.failure) {
    case base::Failure::transient:
      return fmt::format(
          "see whether {} can be reached from here: DNS, NetworkPolicy, proxy, endpoint", peer);
    case base::Failure::throttled:
      return fmt::format("{} takes no more calls for now: run this again in a minute", peer);
    case base::Failure::credentials:
      return fmt::format("correct the credentials with which {} is called", peer);
    case base::Failure::refused:
      return "grant what is named to whoever it is named of";
    case base::Failure::absent:
      return "correct the name and where it is looked for, or make it";
    case base::Failure::invalid:
      return "correct the field or setting that is named";
    case base::Failure::conflict:
    case base::Failure::expired:
    case base::Failure::cancelled:
      break;
  }
  return "run this again";
}

bool healthy(const Findings& findings) {
  return count(findings, Level::failure) == 0;
}

std::string show_findings(const Findings& findings, Output output) {
  return output == Output::json ? as_json(findings) : as_text(findings);
}

}  // namespace edsm::cli
