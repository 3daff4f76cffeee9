// The files ~/.aws/config and ~/.aws/credentials, divided by a NUL.
#include "cloud/aws/shared_config.hpp"

#include "cloud/aws/settings.hpp"
#include "support/aws_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {

using namespace cloud;

void one_input(std::string_view bytes) {
  Input input(bytes);
  const std::string config(input.take_until('\0'));
  const aws::test::Strings files = {{"/config", config},
                                    {"/credentials", std::string(input.rest())}};
  const aws::test::Strings variables = {
      {"AWS_CONFIG_FILE", "/config"},
      {"AWS_SHARED_CREDENTIALS_FILE", "/credentials"},
      {"SQS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/edsm"}};
  const auto env = aws::test::env_of(variables);
  const auto read = aws::test::files_of(files);

  const auto shared = aws::load_shared_config(aws::shared_config_paths(env), read);
  if (shared) {
    for (const auto& [name, profile] : shared->profiles) {
      for (const std::string_view key : {"aws_secret_access_key", "aws_session_token"}) {
        const auto secret = profile.find(key);
        must(secret == profile.end() || secret->second.empty() || secret->second == "set",
             "secret keys are not kept");
      }
    }
  }
  const auto settings = aws::load_settings(env, read);
  must(settings || !settings.error().text.empty(), "an error says what is wrong");
  must(!settings || shared, "settings need sound files");
}

}  // namespace edsm::fuzz
