// Answers of Secrets Manager. The first byte chooses the call, the second the HTTP status.
#include "cloud/aws/secrets_manager.hpp"

#include <array>

#include "cloud/aws/value_reader.hpp"
#include "support/aws_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

constexpr std::array statuses = {200, 200, 200, 400, 403, 429, 500, 503};
constexpr std::string_view arn =
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1B2c3";

void check(const base::Result<Value>& value) {
  if (value) {
    must(!value->version.empty() && value->version.size() <= 256, "a value has a version");
  } else {
    must(value.error().text.size() < 3000, "errors are short enough for a condition");
    must(value.error().code.size() <= 64, "codes are short enough for a label");
  }
}

void read_values(aws::test::Bench& bench, aws::SecretsManager& secrets) {
  aws::ValueReader reader(secrets, bench.clock, bench.log);
  std::vector<std::string> ids = {"prod/db", std::string(arn), "prod/cache"};
  const auto values = support::run(reader.read(std::move(ids)));
  must(values.size() == 3, "one result for each secret that was asked for");
  for (const auto& value : values) check(value);
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned call = input.take_byte();
  const int status = statuses[input.take_byte() % statuses.size()];
  aws::test::Bench bench;
  for (int i = 0; i < 64; ++i) bench.http.reply(status, input.rest());
  aws::SecretsManager secrets(bench.client(aws::Service::secretsmanager));
  switch (call % 4) {
    case 0:
      return check(support::run(secrets.get_value("prod/db")));
    case 1:
      return read_values(bench, secrets);
    case 2: {
      const auto facts = support::run(secrets.describe("prod/db"));
      if (facts) must(facts->current_version.size() <= 256, "a version is an id or nothing");
      return;
    }
    default:
      const auto page = support::run(secrets.list(""));
      if (page) {
        for (const auto& each : page->secrets)
          must(each.current_version.size() <= 256, "a version is an id or nothing");
      }
  }
}

}  // namespace edsm::fuzz
