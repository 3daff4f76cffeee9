#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "cli/commands/cluster.hpp"

namespace edsm::cli {

/// One thing that `edsm doctor` looked at.
struct Finding {
  enum class Level : std::uint8_t {
    good,
    notice,   ///< worth knowing
    unknown,  ///< could not be looked at; the remedy says what that needs
    warning,  ///< works, but not as it should
    failure,  ///< keeps EDSM from its work
  };
  Level level = Level::good;
  std::string area;    ///< "kubernetes", "queue", …
  std::string what;    ///< what was seen, naming the object
  std::string remedy;  ///< what to do about it; empty where nothing has to be done
};
using Findings = std::vector<Finding>;

/// One more. Not inlined, since there are many.
void say(Findings& findings, Finding::Level level, std::string_view area, std::string_view what,
         std::string_view remedy);
/// Puts the second ones behind the first.
void append(Findings& all, Findings more);
/// What to do about a call that failed, by the kind of its failure; `peer` is who did not answer as
/// wished: "AWS", "the API server".
std::string remedy_for(const base::Error& error, std::string_view peer);

/// No failure among them.
bool healthy(const Findings& findings);
/// For people: one line each, remedies below, a summary at the end. For programs: a JSON list.
std::string show_findings(const Findings& findings, Output output);

}  // namespace edsm::cli
