#include "cloud/aws/process_credentials.hpp"

#include <optional>

#include <fmt/format.h>

#include "base/json.hpp"

namespace edsm::cloud::aws {

base::Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  bool unfinished = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool escapes = c == '\\' && quote != '\'';
    if (escapes) {
      unfinished = at + 1 == text.size();
      if (unfinished) break;
      const char next = text[++at];
      // Inside double quotes a backslash is special before these only.
      if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`')
        word->push_back('\\');
      if (!word) word.emplace();
      word->push_back(next);
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word->push_back(c);
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      if (!word) word.emplace();
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (word) words.push_back(std::move(*word));
      word.reset();
    } else {
      if (!word) word.emplace();
      word->push_back(c);
    }
  }
  if (word) words.push_back(std::move(*word));
  if (quote != 0 || unfinished || words.empty()) {
    return base::fail(base::Failure::invalid, "MalformedCommand",
                      "credential_process is empty or has an unfinished quote");
  }
  return words;
}

base::Task<base::Result<Credentials>> ProcessCredentials::get() {
  base::Command command;
  command.program = argv_.front();
  command.args.assign(argv_.begin() + 1, argv_.end());
  command.time_limit = std::chrono::seconds(30);
  command.output_limit = std::size_t{64} << 10U;
  command.quiet = true;
  auto output = co_await runner_.run(std::move(command));
  const std::string origin = fmt::format("credential_process {}", argv_.front());
  if (!output) co_return base::fail(std::move(output.error()), origin);
  const auto document = base::JsonDocument::parse(output->view());
  if (!document || base::int_at(document->root(), "Version") != 1) {
    co_return base::fail(base::Failure::credentials, "MalformedCredentials",
                         origin + " did not print a JSON object with \"Version\": 1");
  }
  co_return parse_credentials(output->view(), "SessionToken", origin);
}

}  // namespace edsm::cloud::aws
