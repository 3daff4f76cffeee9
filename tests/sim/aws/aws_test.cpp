#include "sim/aws/aws.hpp"

#include <gmock/gmock.h>

#include "base/time.hpp"
#include "sim/aws/aws_test_support.hpp"

namespace edsm::sim::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct AwsTest : testing::Test {
  Bench bench;
  Aws& aws = bench.aws;
  Secrets& secrets = bench.aws.secrets();

  Pending get(std::string_view id) {
    return bench.secrets("GetSecretValue", {{"SecretId", std::string(id)}});
  }
  Pending batch(const std::vector<std::string>& ids) {
    array list;
    for (const auto& id : ids) list.emplace_back(id);
    return bench.secrets("BatchGetSecretValue", {{"SecretIdList", std::move(list)}});
  }
  static std::vector<std::string> names(const object& body, std::string_view member,
                                        std::string_view name) {
    std::vector<std::string> result;
    for (const auto& each : body.at({member.data(), member.size()}).as_array())
      result.push_back(text(each, name));
    return result;
  }
};

TEST_F(AwsTest, ReadsAValue) {
  const std::string version = secrets.put("prod/a", "1");
  const object body = get("prod/a").body();
  EXPECT_EQ(text_at(body, "ARN"), secrets.current("prod/a")->arn);
  EXPECT_EQ(text_at(body, "Name"), "prod/a");
  EXPECT_EQ(text_at(body, "VersionId"), version);
  EXPECT_EQ(text_at(body, "SecretString"), "1");
  EXPECT_EQ(body.at("VersionStages"), array{"AWSCURRENT"});
  EXPECT_EQ(body.at("CreatedDate"), 1795395600.0);
  secrets.put("prod/a", std::string("\0\xff", 2), Secrets::Form::binary);
  EXPECT_EQ(text_at(get("prod/a").body(), "SecretBinary"), "AP8=");
  EXPECT_EQ(aws.calls().value_reads("prod/a"), 2U);
  EXPECT_EQ(aws.calls().value_reads("prod/a", version), 1U);
  EXPECT_EQ(aws.calls().count("GetSecretValue"), 2U);
}

TEST_F(AwsTest, ChoosesTheVersion) {
  const std::string one = secrets.put("a", "1");
  const std::string two = secrets.put("a", "2");
  struct Case {
    object input;
    std::string result;  // the value, or the code of the error
  };
  for (const auto& [input, result] : std::vector<Case>{
           {{}, "2"},
           {{{"VersionStage", "AWSPREVIOUS"}}, "1"},
           {{{"VersionId", one}}, "1"},
           {{{"VersionId", two}, {"VersionStage", "AWSCURRENT"}}, "2"},
           {{{"VersionId", one}, {"VersionStage", "AWSCURRENT"}}, "InvalidRequestException"},
           {{{"VersionStage", "AWSPENDING"}}, "ResourceNotFoundException"},
           {{{"VersionId", "00000000-0000-0000-0000-000000000000"}},
            "ResourceNotFoundException"}}) {
    object full = input;
    full["SecretId"] = "a";
    const auto answer = bench.secrets("GetSecretValue", full);
    EXPECT_EQ(answer.status() == 200 ? std::string(text_at(answer.body(), "SecretString"))
                                     : answer.code(),
              result);
  }
}

TEST_F(AwsTest, SaysWhyAValueCannotBeRead) {
  for (const char* name : {"removed", "denied", "locked", "good"}) secrets.put(name, "1");
  secrets.remove("removed");
  aws.faults.deny("GetSecretValue", "denied");
  aws.faults.undecryptable.insert("locked");
  struct Case {
    std::string id;
    std::string code;
  };
  const std::vector<Case> cases{{"absent", "ResourceNotFoundException"},
                                {"removed", "InvalidRequestException"},
                                {"denied", "AccessDeniedException"},
                                {"locked", "DecryptionFailure"}};
  for (const auto& [id, code] : cases) {
    EXPECT_EQ(get(id).status(), 400) << id;
    EXPECT_EQ(get(id).code(), code) << id;
  }
  const object body = batch({"absent", "good", "removed", "denied", "locked"}).body();
  EXPECT_THAT(names(body, "SecretValues", "Name"), ElementsAre("good"));
  EXPECT_THAT(names(body, "Errors", "SecretId"),
              ElementsAre("absent", "removed", "denied", "locked"));
  EXPECT_THAT(names(body, "Errors", "ErrorCode"),
              ElementsAre(cases[0].code, cases[1].code, cases[2].code, cases[3].code));
  aws.faults.allow("GetSecretValue", "denied");
  EXPECT_EQ(get("denied").status(), 200);
  aws.faults.deny("BatchGetSecretValue");
  EXPECT_EQ(batch({"good"}).code(), "AccessDeniedException");
}

TEST_F(AwsTest, ABatchHasLimits) {
  std::vector<std::string> ids;
  for (int i = 0; i < 21; ++i) secrets.put(ids.emplace_back(fmt::format("{}", i)), "1234567890");
  EXPECT_EQ(batch(ids).code(), "ValidationException");
  EXPECT_EQ(batch({}).code(), "ValidationException");
  ids.pop_back();
  EXPECT_THAT(names(batch(ids).body(), "SecretValues", "Name"), testing::ElementsAreArray(ids));
  aws.faults.batch_bytes = 30;
  object body = batch(ids).body();
  EXPECT_THAT(names(body, "SecretValues", "Name"), ElementsAre("0", "1", "2"));
  array list;
  for (const auto& id : ids) list.emplace_back(id);
  body = bench
             .secrets("BatchGetSecretValue",
                      {{"SecretIdList", list}, {"NextToken", body.at("NextToken")}})
             .body();
  EXPECT_THAT(names(body, "SecretValues", "Name"), ElementsAre("3", "4", "5"));
  aws.faults.batch_bytes = 1000;
  aws.faults.batch_throttled = 1000;
  EXPECT_THAT(names(batch({"1", "2"}).body(), "Errors", "ErrorCode"),
              ElementsAre("ThrottlingException", "ThrottlingException"));
}

TEST_F(AwsTest, ListsInPagesAndLate) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) secrets.put(made.emplace_back(fmt::format("{}", 9 - i)), "1");
  secrets.remove("8");
  object input{{"MaxResults", 2}};
  std::vector<std::string> seen;
  for (int page = 0; page < 5; ++page) {
    const object body = bench.secrets("ListSecrets", input).body();
    for (const auto& name : names(body, "SecretList", "Name")) seen.push_back(name);
    if (!body.contains("NextToken")) break;
    input["NextToken"] = body.at("NextToken");
    secrets.purge("9");  // changes of the list between its pages
    secrets.put("new", "1");
  }
  EXPECT_THAT(seen, ElementsAre("9", "7", "6", "5", "new"));
  EXPECT_EQ(bench.secrets("ListSecrets", {{"NextToken", "nonsense"}}).code(),
            "InvalidNextTokenException");
  aws.expire_tokens();
  EXPECT_EQ(bench.secrets("ListSecrets", input).code(), "InvalidNextTokenException");

  aws.faults.list_lag = minutes(5);
  EXPECT_THAT(names(bench.secrets("ListSecrets", {}).body(), "SecretList", "Name"), IsEmpty());
  bench.timeline.advance(minutes(5));
  const std::string version = secrets.current("7")->version;
  secrets.put("7", "2");
  const object body = bench.secrets("ListSecrets", {{"IncludePlannedDeletion", true}}).body();
  EXPECT_THAT(names(body, "SecretList", "Name"), ElementsAre("8", "7", "6", "5", "new"));
  EXPECT_TRUE(body.at("SecretList").as_array()[0].as_object().contains("DeletedDate"));
  EXPECT_EQ(body.at("SecretList").as_array()[1].at("SecretVersionsToStages"),
            (object{{version, array{"AWSCURRENT"}}}));
}

TEST_F(AwsTest, DescribesAtOnce) {
  aws.faults.list_lag = minutes(5);
  const std::string one = secrets.put("a", "1");
  const std::string two = secrets.put("a", "2");
  secrets.remove("a");
  const object body = bench.secrets("DescribeSecret", {{"SecretId", "a"}}).body();
  EXPECT_EQ(body.at("VersionIdsToStages"),
            (object{{one, array{"AWSPREVIOUS"}}, {two, array{"AWSCURRENT"}}}));
  EXPECT_TRUE(body.contains("DeletedDate"));
  EXPECT_EQ(aws.calls().value_reads("a"), 0U);
}

TEST_F(AwsTest, RegionsAreApart) {
  secrets.put("a", "eu");
  aws.secrets("us-east-1").put("a", "us");
  EXPECT_EQ(bench.read("a"), "eu");
  bench.region = "us-east-1";
  EXPECT_EQ(bench.read("a"), "us");
  EXPECT_EQ(bench.queue("ReceiveMessage").code(), "QueueDoesNotExist");
}

TEST_F(AwsTest, BringsEventsToTheQueueByTheRoute) {
  secrets.put("a", "1");
  secrets.put("a", "2");
  EXPECT_THAT(bench.receive(), SizeIs(1));
  std::vector<std::string> kept;
  aws.route = [&](std::string body) { kept.push_back(std::move(body)); };
  aws.secrets("us-east-1").put("a", "1");
  aws.secrets("us-east-1").put("a", "2");
  secrets.put("a", "3");
  EXPECT_THAT(bench.receive(), IsEmpty());
  EXPECT_THAT(kept, SizeIs(2));

  aws.events = {.native = false, .trail_reads = true};
  kept.clear();
  get("a");
  batch({"a"});
  std::vector<std::string> reads;
  for (const auto& body : kept) {
    const value event = boost::json::parse(body);
    EXPECT_TRUE(event.at("detail").at("readOnly").as_bool());
    reads.push_back(text(event.at("detail"), "eventName"));
  }
  EXPECT_THAT(reads, ElementsAre("GetSecretValue", "BatchGetSecretValue", "GetSecretValue"));
}

TEST_F(AwsTest, AuthenticatesEveryRequest) {
  secrets.put("a", "1");
  Key role = aws.keys().issue();
  struct Case {
    std::string what;
    std::string key;
    std::string token;
    base::Duration clock_error;
    std::string of_secrets;
    std::string of_queue;
  };
  const std::string invalid = "InvalidSignatureException";
  const std::string mismatch = "SignatureDoesNotMatch";
  for (const Case& each : std::vector<Case>{
           {"user", "AKIAUSER", "", {}, "", ""},
           {"role", role.id, role.token, {}, "", ""},
           {"unknown", "AKIANO", "", {}, "UnrecognizedClientException", "InvalidClientTokenId"},
           {"no token", role.id, "", {}, "UnrecognizedClientException", "InvalidClientTokenId"},
           {"slow clock", "AKIAUSER", "", -minutes(5), "", ""},
           {"too slow", "AKIAUSER", "", -minutes(6), invalid, mismatch},
           {"too fast", "AKIAUSER", "", minutes(6), invalid, mismatch}}) {
    bench.key = each.key;
    bench.token = each.token;
    bench.clock_error = each.clock_error;
    const auto secret = get("a");
    const auto message = bench.queue("GetQueueAttributes");
    EXPECT_EQ(secret.status(), each.of_secrets.empty() ? 200 : 400) << each.what;
    EXPECT_EQ(message.status(), each.of_queue.empty() ? 200 : 403) << each.what;
    if (!each.of_secrets.empty()) EXPECT_EQ(secret.code(), each.of_secrets) << each.what;
    if (!each.of_queue.empty()) EXPECT_EQ(message.code(), each.of_queue) << each.what;
    EXPECT_EQ(base::parse_http_date(secret.header("Date")), bench.timeline.wall()) << each.what;
    EXPECT_EQ(aws.calls().end()[-1].caller, each.key);
  }
  EXPECT_EQ(aws.calls().value_reads("a"), 3U);
  net::Request bare(net::Method::post, "http://aws.sim/");
  bare.headers.add("X-Amz-Target", "secretsmanager.GetSecretValue");
  EXPECT_EQ(bench.send(bare).code(), "MissingAuthenticationTokenException");
}

TEST_F(AwsTest, HandsOutKeysThatExpire) {
  const net::Request ask(net::Method::get, "http://169.254.170.23/v1/credentials");
  const auto use = [&](const object& keys) {
    bench.key = text_at(keys, "AccessKeyId");
    bench.token = text_at(keys, "Token");
    const auto answer = bench.secrets("ListSecrets", {});
    return answer.status() == 200 ? "" : answer.code();
  };
  aws.keys().set_lifetime(hours(6));
  object first = bench.send(ask).body();
  EXPECT_EQ(base::parse_rfc3339(text_at(first, "Expiration")), bench.timeline.wall() + hours(6));
  EXPECT_EQ(use(first), "");
  const object second = bench.send(ask).body();
  EXPECT_NE(text_at(first, "AccessKeyId"), text_at(second, "AccessKeyId"));
  aws.keys().revoke(text_at(first, "AccessKeyId"));
  EXPECT_EQ(use(first), "UnrecognizedClientException");
  EXPECT_EQ(use(second), "");
  bench.timeline.advance(hours(6));
  EXPECT_EQ(use(second), "ExpiredTokenException");

  aws.keys().set_endpoint_cache(minutes(1));
  first = bench.send(ask).body();
  EXPECT_EQ(bench.send(ask).body(), first);
  aws.keys().expire_all();
  EXPECT_EQ(use(first), "ExpiredTokenException");
  EXPECT_EQ(bench.send(ask).body().at("AccessKeyId"), first.at("AccessKeyId")) << "still the same";
  bench.timeline.advance(minutes(1));
  EXPECT_EQ(use(bench.send(ask).body()), "");
  aws.keys().revoke_all();
  EXPECT_EQ(use(bench.send(ask).body()), "") << "new ones";
  aws.keys().break_endpoint(true);
  EXPECT_EQ(bench.send(ask).status(), 500);
  EXPECT_EQ(aws.calls().count("Credentials"), 8U);
}

TEST_F(AwsTest, WordsAnswersForTheNetwork) {
  const net::Request secret = bench.request("secretsmanager.GetSecretValue", {});
  const net::Request message = bench.request("AmazonSQS.ReceiveMessage", {});
  EXPECT_EQ(aws.throttled(secret).status, 400);
  EXPECT_THAT(aws.throttled(secret).body, testing::HasSubstr("ThrottlingException"));
  EXPECT_EQ(aws.throttled(message).status, 403);
  EXPECT_THAT(aws.throttled(message).body, testing::HasSubstr("RequestThrottled"));
  EXPECT_EQ(aws.internal_error(secret).status, 500);
  EXPECT_THAT(aws.internal_error(message).body, testing::HasSubstr("InternalFailure"));
  EXPECT_EQ(aws.unavailable(secret).status, 503);
}

}  // namespace
}  // namespace edsm::sim::aws
