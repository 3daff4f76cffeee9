#include "cloud/aws/version_reader.hpp"

#include <map>

#include "base/parallel.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::size_t parallel_reads = 8;

base::Result<std::string> version_of(const SecretFacts& facts, std::string_view id) {
  if (facts.deleted) {
    return base::fail(Failure::absent, "ScheduledForDeletion",
                      "the secret " + std::string(id) +
                          " is scheduled for deletion; restore it with "
                          "secretsmanager:RestoreSecret, or delete the binding");
  }
  if (facts.current_version.empty()) {
    return base::fail(Failure::absent, "NoCurrentVersion",
                      "the secret " + std::string(id) +
                          " has no version labelled AWSCURRENT; put a value into it");
  }
  return facts.current_version;
}

}  // namespace

/// Ids that are still looked for, and what was found.
struct VersionReader::Search {
  explicit Search(std::vector<std::string> ids_) : ids(std::move(ids_)), results(ids.size()) {
    for (std::size_t i = 0; i < ids.size(); ++i) unfound.emplace(ids[i], i);
  }

  void take(const SecretFacts& facts) {
    settle(facts.arn, facts);
    settle(facts.name, facts);
    if (const auto partial = without_suffix(facts.arn)) settle(*partial, facts);
  }
  void settle(std::string_view id, const SecretFacts& facts) {
    // Whatever is odd is asked for by its name, where answers are fresher.
    if (facts.deleted || facts.current_version.empty()) return;
    const auto [first, last] = unfound.equal_range(id);
    for (auto at = first; at != last; ++at) results[at->second] = facts.current_version;
    unfound.erase(first, last);
  }
  /// Secrets of other accounts are in no list.
  std::size_t listable(std::string_view account) const {
    std::size_t count = 0;
    for (const auto& [id, index] : unfound) {
      const auto arn = parse_secret_arn(id);
      if (!arn || account.empty() || arn->account == account) ++count;
    }
    return count;
  }

  std::vector<std::string> ids;
  std::vector<std::optional<base::Result<std::string>>> results;
  std::multimap<std::string, std::size_t, std::less<>> unfound;
};

base::Task<std::vector<base::Result<std::string>>> VersionReader::read(
    std::vector<std::string> ids) {
  Search search(std::move(ids));
  co_await by_listing(search);
  std::vector<std::size_t> open;
  for (const auto& [id, index] : search.unfound) open.push_back(index);
  const std::function<base::Task<void>(std::size_t)> describe_one = [&](std::size_t i) {
    return one(search, open[i]);
  };
  co_await base::parallel(open.size(), parallel_reads, describe_one);
  std::vector<base::Result<std::string>> versions;
  versions.reserve(search.ids.size());
  for (auto& result : search.results) versions.push_back(std::move(*result));
  co_return versions;
}

base::Task<void> VersionReader::by_listing(Search& search) {
  std::string account;
  std::string token;
  std::size_t pages = 0;
  while (policy_.next_page(pages, search.listable(account))) {
    std::string from = token;
    const auto page = co_await secrets_.list(std::move(from));
    if (!page && page.error().failure == Failure::refused) {
      policy_.refused();
      log_.warn(
          "ListSecrets is refused; asking for every secret alone. Grant secretsmanager:ListSecrets "
          "on * "
          "for fewer calls",
          {{"code", page.error().code}});
    }
    // Any other failure, an expired page token among them: describing still works.
    if (!page) co_return;
    ++pages;
    for (const auto& facts : page->secrets) {
      search.take(facts);
      const auto arn = account.empty() ? parse_secret_arn(facts.arn) : std::nullopt;
      if (arn) account = arn->account;
    }
    token = page->next_token;
    if (token.empty()) {
      policy_.ended(pages);
      co_return;
    }
  }
}

base::Task<void> VersionReader::one(Search& search, std::size_t index) {
  std::string id = search.ids[index];
  auto facts = co_await secrets_.describe(std::move(id));
  if (facts) {
    search.results[index] = version_of(*facts, search.ids[index]);
  } else {
    search.results[index] = std::unexpected(std::move(facts.error()));
  }
}

}  // namespace edsm::cloud::aws
