// The command line of credential_process.
#include "cloud/aws/process_credentials.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

/// As a POSIX shell would want it.
std::string quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  return text + "'";
}

}  // namespace

void one_input(std::string_view bytes) {
  const auto words = cloud::aws::split_command(bytes);
  if (!words) return;
  must(!words->empty(), "a command has a program");
  std::string line;
  for (const auto& word : *words) line += quoted(word) + " ";
  must(cloud::aws::split_command(line) == *words, "quoted words come back as they were");
}

}  // namespace edsm::fuzz
