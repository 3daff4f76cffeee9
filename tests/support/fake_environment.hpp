#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/files.hpp"
#include "telemetry/log.hpp"

/// What a test gives to a program in the place of its environment, files and log.
namespace edsm::support {

using Strings = std::map<std::string, std::string, std::less<>>;

/// Both refer to the map: it must outlive them, and may change.
inline cloud::Getenv env_of(const Strings& variables) {
  return [&variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}
inline cloud::ReadFile files_of(const Strings& files) {
  return [&files](const std::string& path) -> base::Result<base::SecretBytes> {
    const auto found = files.find(path);
    if (found == files.end())
      return base::fail(base::Failure::absent, "NoSuchFile", path + " does not exist");
    return base::SecretBytes(found->second);
  };
}

class NullSink final : public telemetry::Sink {
 public:
  void write(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

}  // namespace edsm::support
