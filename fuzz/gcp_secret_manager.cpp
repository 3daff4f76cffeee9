// Answers of Google's Secret Manager. The first byte chooses the call, the second the HTTP status.
#include <array>

#include "cloud/gcp/secret_manager.hpp"
#include "support/gcp_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

constexpr std::array statuses = {200, 200, 200, 400, 401, 403, 404, 429, 500, 503};
constexpr int attempts = 24;  // more than one call ever makes

void check(const base::Error& error) {
  must(error.text.size() < 1000, "errors are short enough for a condition");
  must(!error.code.empty() && error.code.size() <= 64, "codes are short enough for a label");
  must(!error.retry_after ||
           (error.retry_after->count() >= 0 && *error.retry_after <= std::chrono::hours(1)),
       "nobody can make us wait for ever");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned call = input.take_byte();
  const int status = statuses[input.take_byte() % statuses.size()];
  gcp::test::Bench bench;
  for (int i = 0; i < attempts; ++i) bench.http.reply(status, input.rest());
  gcp::Projects projects;
  gcp::Births births(projects);
  gcp::SecretManager secrets(bench.client(gcp::Service::secretmanager), projects, births);
  gcp::SecretName name{"shop", "global", "db", ""};
  if (call % 2 == 0) {
    const auto value = support::run(secrets.access(std::move(name)));
    if (!value) return check(value.error());
    must(gcp::is_version_number(value->version), "a value has a version");
    must(value->bytes.size() <= bytes.size(), "a value is no longer than what brought it");
  } else {
    const auto facts = support::run(secrets.describe(std::move(name)));
    if (!facts) return check(facts.error());
    must(gcp::is_version_number(facts->number), "a version is a number");
    must(facts->state.size() <= 20, "a state is one of few");
  }
}

}  // namespace edsm::fuzz
