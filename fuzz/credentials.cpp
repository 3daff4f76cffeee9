// Credential documents: of containers and processes (JSON), of STS (XML), and the three answers of
// EC2's metadata service. The first byte chooses.
#include "cloud/aws/credentials.hpp"

#include "cloud/aws/instance_credentials.hpp"
#include "cloud/aws/sts.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

void check(const base::Result<aws::Credentials>& credentials) {
  if (credentials) {
    must(!credentials->access_key_id.empty() && !credentials->secret_access_key.empty(),
         "credentials are complete");
  } else {
    must(credentials.error().failure == base::Failure::credentials, "the failure is theirs");
    must(credentials.error().text.size() < 1000, "errors are short");
    must(credentials.error().code.size() <= 64, "codes are short enough for a label");
  }
}

base::Result<aws::Credentials> from_instance(Input input) {
  support::ScriptedHttp http;
  for (int i = 0; i < 3; ++i) http.reply(200, input.take_until('\0'));
  aws::InstanceSource source;
  source.endpoint = "http://169.254.169.254";
  aws::InstanceCredentials instance(std::move(source), http);
  auto credentials = support::run(instance.get());
  for (const auto& seen : http.seen) {
    must(seen.url.size() < 1000, "what is asked for is bounded");
    must(seen.url.find_first_of(" \r\n") == std::string::npos, "no request is forged");
  }
  return credentials;
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  switch (input.take_byte() % 4) {
    case 0:
      return check(aws::parse_credentials(input.rest(), "Token", "the endpoint"));
    case 1:
      return check(aws::parse_credentials(input.rest(), "SessionToken", "the program"));
    case 2:
      return check(aws::parse_sts_answer(input.rest(), "AssumeRole"));
    default:
      return check(from_instance(input));
  }
}

}  // namespace edsm::fuzz
