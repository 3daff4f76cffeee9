#include "cloud/aws/provider.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

class ProviderTest : public testing::Test, protected test::Bench {
 protected:
  std::string resolve(SecretQuery query, std::string region = "") {
    const auto source = make(std::move(region))->resolve(query);
    if (!source) {
      EXPECT_EQ(source.error().failure, Failure::invalid);
      return source.error().code;
    }
    EXPECT_EQ(source->path(), query.path);
    return source->scope.str() + " " + source->id.str();
  }
  std::unique_ptr<SecretsManagerProvider> make(std::string region = "") {
    return std::make_unique<SecretsManagerProvider>(
        std::move(region),
        [this](const Scope& scope) -> base::Result<ScopeClient> {
          return ScopeClient{nullptr, client(Service::secretsmanager, scope.region)};
        },
        clock, log);
  }
  static std::vector<Source> sources(const std::vector<std::string>& paths) {
    std::vector<Source> result;
    for (const auto& path : paths) result.push_back({"aws/eu-west-1/" + path, "aws/eu-west-1"});
    return result;
  }
  /// "version text" or the code of the error.
  std::vector<std::string> fetch(const std::vector<std::string>& paths) {
    std::vector<std::string> result;
    values = support::run(provider->fetch(sources(paths)));
    for (const auto& value : values) {
      result.push_back(value ? value->version + " " + std::string(value->bytes.view())
                             : value.error().code);
    }
    return result;
  }
  std::vector<std::string> versions(const std::vector<std::string>& paths) {
    std::vector<std::string> result;
    for (const auto& version : support::run(provider->versions(sources(paths)))) {
      result.push_back(version ? *version : version.error().code);
    }
    return result;
  }
  std::vector<std::string> calls() {
    std::vector<std::string> result;
    for (const auto& seen : http.seen) result.push_back(test::operation_of(seen));
    http.seen.clear();
    return result;
  }

  std::unique_ptr<SecretsManagerProvider> provider = make();
  std::vector<base::Result<Value>> values;
};

std::string secret(std::string_view name, std::string_view value = "v") {
  return fmt::format(
      R"({{"ARN":"{}{}-a1B2c3","Name":"{}","VersionId":"id-{}","SecretString":"{}","SecretBinary":null}})",
      arn, name, name, name, value);
}
std::string error(std::string_view code) {
  return fmt::format(R"({{"__type":"{}"}})", code);
}
std::string described(std::string_view name, std::string_view more = "") {
  return fmt::format(
      R"({{"ARN":"{}{}-a1B2c3","Name":"{}"{},"VersionIdsToStages":{{"old":["AWSPREVIOUS"],"id-{}":["x","AWSCURRENT"]}}}})",
      arn, name, name, more, name);
}
std::string listed(std::string_view name) {
  return fmt::format(
      R"({{"ARN":"{}{}-a1B2c3","Name":"{}","SecretVersionsToStages":{{"id-{}":["AWSCURRENT"]}}}})",
      arn, name, name, name);
}

TEST_F(ProviderTest, PlaceOfASourceWithEveryNameThatItMayHave) {
  struct Row {
    std::string path, account;
    std::vector<std::string> names;
  };
  const Row rows[] = {
      {"prod/db", "", {"prod/db"}},
      {"prod/db-a1B2c3", "", {"prod/db-a1B2c3"}},
      {arn + "prod/db-a1B2c3", "123456789012", {"prod/db-a1B2c3", "prod/db"}},
      {arn + "prod/db", "123456789012", {"prod/db"}},
      {arn + "prod/db-a1B2", "123456789012", {"prod/db-a1B2"}},
  };
  for (const auto& row : rows) {
    const auto place = provider->place({"aws/eu-west-1/" + row.path, "aws/eu-west-1"});
    EXPECT_EQ(place.region, "eu-west-1") << row.path;
    EXPECT_EQ(place.account, row.account) << row.path;
    EXPECT_EQ(place.names, row.names) << row.path;
  }
}

TEST_F(ProviderTest, Resolve) {
  EXPECT_EQ(resolve({"", {}}), "EmptyPath");
  EXPECT_EQ(resolve({"a b", {{"region", "eu-west-1"}}}), "InvalidName");
  EXPECT_EQ(resolve({std::string(513, 'a'), {{"region", "eu-west-1"}}}), "InvalidName");
  EXPECT_EQ(resolve({"arn:aws:s3:::bucket", {}}), "InvalidArn");
  EXPECT_EQ(resolve({"db", {{"region", "evil.example/"}}}), "InvalidRegion");
  EXPECT_EQ(resolve({arn + "db", {{"region", "us-east-1"}}}), "RegionMismatch");
  EXPECT_EQ(resolve({"db", {}}), "MissingRegion");
  EXPECT_EQ(resolve({"db", {{"region", ""}}}), "MissingRegion");

  EXPECT_EQ(resolve({"prod/db", {{"region", "eu-west-1"}}}, "us-east-1"),
            "aws/eu-west-1 aws/eu-west-1/prod/db");
  EXPECT_EQ(resolve({"prod/db", {}}, "us-east-1"), "aws/us-east-1 aws/us-east-1/prod/db");
  EXPECT_EQ(resolve({arn + "db", {}}, "us-east-1"), "aws/eu-west-1 aws/eu-west-1/" + arn + "db");
  EXPECT_EQ(resolve({arn + "db", {{"region", "eu-west-1"}}}),
            "aws/eu-west-1 aws/eu-west-1/" + arn + "db");
}

TEST_F(ProviderTest, MatchKeysAreOfTheSourcesRegion) {
  const auto keys = provider->match_keys(sources({"db"}).front());
  EXPECT_THAT(keys, testing::Contains("aws/eu-west-1/*/db"));
  EXPECT_EQ(provider->name(), "aws");
  EXPECT_EQ(provider->batch_limit(), 20U);
}

TEST_F(ProviderTest, OneSecretIsReadAlone) {
  http.reply(200, secret("db", "hunter2"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("id-db hunter2"));
  EXPECT_EQ(values.front()->form, Form::text);
  EXPECT_EQ(http.seen.at(0).body, R"({"SecretId":"db"})");
  EXPECT_THAT(calls(), ElementsAre("GetSecretValue"));
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
}

TEST_F(ProviderTest, Binary) {
  http.reply(200, R"({"VersionId":"1","SecretString":null,"SecretBinary":"AAEC/w=="})");
  fetch({"db"});
  EXPECT_EQ(values.front()->form, Form::binary);
  EXPECT_EQ(values.front()->bytes.view(), std::string_view("\0\1\2\xff", 4));
}

TEST_F(ProviderTest, AnswersThatAreNone) {
  for (const std::string_view body : {"{}", R"({"VersionId":"1"})", R"({"SecretString":"hunter2"})",
                                      R"({"VersionId":"1","SecretBinary":"*"})"}) {
    http.reply(200, body);
    EXPECT_THAT(fetch({"db"}), ElementsAre("MalformedAnswer"));
    EXPECT_TRUE(values.front().error().retryable());
    EXPECT_THAT(values.front().error().text, Not(HasSubstr("hunter2")));
  }
}

TEST_F(ProviderTest, RefusalsNameTheActionAndTheSecret) {
  http.reply(400, error("AccessDeniedException"));
  fetch({"prod/db"});
  EXPECT_EQ(values.front().error().failure, Failure::refused);
  EXPECT_THAT(values.front().error().text,
              HasSubstr("grant secretsmanager:GetSecretValue on prod/db"));
  http.reply(400, error("DecryptionFailure"));
  fetch({"prod/db"});
  EXPECT_THAT(values.front().error().text, HasSubstr("grant kms:Decrypt on the key of prod/db"));
  http.reply(400, error("ResourceNotFoundException"));
  fetch({"prod/db"});
  EXPECT_EQ(values.front().error().failure, Failure::absent);
  EXPECT_THAT(values.front().error().text, HasSubstr("the secret prod/db does not exist"));
}

TEST_F(ProviderTest, SeveralAreReadInOneBatch) {
  http.reply(200, fmt::format(R"({{"SecretValues":[{},{}],"Errors":[
      {{"SecretId":"gone","ErrorCode":"ResourceNotFoundException","Message":"m"}},
      {{"SecretId":"shut","ErrorCode":"AccessDeniedException","Message":"m"}}]}})",
                              secret("a"), secret("b")));
  EXPECT_THAT(fetch({"gone", "b", arn + "a", "shut", arn + "a-a1B2c3", "a"}),
              ElementsAre("ResourceNotFoundException", "id-b v", "id-a v", "AccessDeniedException",
                          "id-a v", "id-a v"));
  EXPECT_EQ(values[0].error().failure, Failure::absent);
  EXPECT_THAT(values[3].error().text, HasSubstr("grant secretsmanager:GetSecretValue on shut"));
  EXPECT_THAT(calls(), ElementsAre("BatchGetSecretValue"));
}

TEST_F(ProviderTest, WhatDidNotFitIsAskedForAgain) {
  http.reply(200, R"({"SecretValues":[)" + secret("a") + "]}");
  http.reply(200, R"({"SecretValues":[)" + secret("b") + R"(],"Errors":[]})");
  http.reply(200, secret("c"));
  EXPECT_THAT(fetch({"a", "b", "c"}), ElementsAre("id-a v", "id-b v", "id-c v"));
  EXPECT_EQ(http.seen.at(1).body, R"({"SecretIdList":["b","c"]})");
  EXPECT_THAT(calls(), ElementsAre("BatchGetSecretValue", "BatchGetSecretValue", "GetSecretValue"));
}

TEST_F(ProviderTest, ABatchWithoutProgressEnds) {
  http.reply(200, "{}").reply(200, secret("a")).reply(200, secret("b"));
  EXPECT_THAT(fetch({"a", "b"}), ElementsAre("id-a v", "id-b v"));
  EXPECT_THAT(calls(), ElementsAre("BatchGetSecretValue", "GetSecretValue", "GetSecretValue"));
}

TEST_F(ProviderTest, ARefusedBatchIsRememberedAndSaidOnce) {
  for (const std::string_view code : {"AccessDeniedException", "UnknownOperationException"}) {
    provider = make();
    sink.lines.clear();
    http.reply(400, error(code));
    for (const std::string_view name : {"a", "b", "a", "b"}) http.reply(200, secret(name));
    EXPECT_THAT(fetch({"a", "b"}), ElementsAre("id-a v", "id-b v"));
    EXPECT_THAT(fetch({"a", "b"}), ElementsAre("id-a v", "id-b v"));
    EXPECT_THAT(calls(), ElementsAre("BatchGetSecretValue", "GetSecretValue", "GetSecretValue",
                                     "GetSecretValue", "GetSecretValue"));
    clock.advance(std::chrono::hours(1));
    http.reply(400, error(code)).reply(200, secret("a")).reply(200, secret("b"));
    fetch({"a", "b"});
    EXPECT_EQ(calls().front(), "BatchGetSecretValue") << "permissions are given without a restart";
    const auto text = logged();
    const auto first = text.find("secretsmanager:BatchGetSecretValue");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(text.find("secretsmanager:BatchGetSecretValue", first + 1), std::string::npos);
  }
}

TEST_F(ProviderTest, OneBadIdDoesNotStopTheOthers) {
  http.reply(400, error("InvalidParameterException"));
  http.reply(400, error("InvalidParameterException")).reply(200, secret("b"));
  EXPECT_THAT(fetch({"a", "b"}), ElementsAre("InvalidParameterException", "id-b v"));
  http.reply(200, R"({"SecretValues":[)" + secret("a") + "," + secret("b") + "]}");
  fetch({"a", "b"});
  EXPECT_EQ(calls().back(), "BatchGetSecretValue") << "the operation itself is allowed";
}

TEST_F(ProviderTest, WhatConcernsAllIsNotTriedOneByOne) {
  for (int i = 0; i < 3; ++i) http.reply(400, error("ThrottlingException"));
  EXPECT_THAT(fetch({"a", "b"}), ElementsAre("ThrottlingException", "ThrottlingException"));
  EXPECT_TRUE(http.exhausted());
  EXPECT_EQ(calls().size(), 3U);
}

TEST_F(ProviderTest, ScheduledForDeletionIsConfirmed) {
  http.reply(400, error("InvalidRequestException"))
      .reply(200, described("db", R"(,"DeletedDate":1.7E9)"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("ScheduledForDeletion"));
  EXPECT_EQ(values.front().error().failure, Failure::absent);

  http.reply(400, error("InvalidRequestException")).reply(200, described("db"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("InvalidRequestException"));
  EXPECT_EQ(values.front().error().failure, Failure::refused);

  http.reply(400, error("InvalidRequestException")).reply(400, error("AccessDeniedException"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("InvalidRequestException"));
  EXPECT_EQ(values.front().error().failure, Failure::refused) << "not certain: never absent";
  EXPECT_THAT(values.front().error().text, HasSubstr("secretsmanager:DescribeSecret"));

  http.reply(200, R"({"SecretValues":[)" + secret("a") +
                      R"(],"Errors":[{"SecretId":"db","ErrorCode":"InvalidRequestException"}]})");
  http.reply(400, error("InvalidRequestException"))
      .reply(200, described("db", R"(,"DeletedDate":1)"));
  EXPECT_THAT(fetch({"a", "db"}), ElementsAre("id-a v", "ScheduledForDeletion"));
}

TEST_F(ProviderTest, NothingAskedNothingSent) {
  EXPECT_TRUE(fetch({}).empty());
  EXPECT_TRUE(versions({}).empty());
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(ProviderTest, FewVersionsAreDescribed) {
  http.reply(200, described("a"))
      .reply(400, error("ResourceNotFoundException"))
      .reply(200, described("c", R"(,"DeletedDate":1)"));
  EXPECT_THAT(versions({"a", "b", "c"}),
              ElementsAre("id-a", "ResourceNotFoundException", "ScheduledForDeletion"));
  EXPECT_THAT(calls(), ElementsAre("DescribeSecret", "DescribeSecret", "DescribeSecret"));
  http.reply(200, R"({"ARN":"x","Name":"a","VersionIdsToStages":null})");
  EXPECT_THAT(versions({"a"}), ElementsAre("NoCurrentVersion"));
}

TEST_F(ProviderTest, ManyVersionsAreListed) {
  http.reply(200,
             fmt::format(R"({{"SecretList":[{},{}],"NextToken":"n"}})", listed("a"), listed("b")));
  http.reply(200,
             fmt::format(R"({{"SecretList":[{},{}],"NextToken":null}})", listed("c"), listed("d")));
  EXPECT_THAT(versions({"a", arn + "b", arn + "c-a1B2c3", "d", "d"}),
              ElementsAre("id-a", "id-b", "id-c", "id-d", "id-d"));
  EXPECT_THAT(http.seen.at(1).body, HasSubstr(R"("NextToken":"n")"));
  EXPECT_THAT(calls(), ElementsAre("ListSecrets", "ListSecrets"));
}

TEST_F(ProviderTest, AbsenceFromTheListIsConfirmed) {
  http.reply(200,
             fmt::format(R"({{"SecretList":[{},{},{}]}})", listed("a"), listed("b"), listed("c")));
  http.reply(200, described("d"));
  EXPECT_THAT(versions({"a", "b", "c", "d"}), ElementsAre("id-a", "id-b", "id-c", "id-d"));
  EXPECT_THAT(calls(), ElementsAre("ListSecrets", "DescribeSecret"));
}

TEST_F(ProviderTest, OtherAccountsAreDescribed) {
  const std::string other = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:";
  http.reply(200, R"({"SecretList":[)" + listed("a") + R"(],"NextToken":"n"})");
  for (int i = 0; i < 4; ++i) http.reply(200, described("x"));
  EXPECT_THAT(versions({other + "a", other + "b", other + "c", other + "d"}),
              ElementsAre("id-x", "id-x", "id-x", "id-x"));
  EXPECT_EQ(calls().size(), 5U) << "one page tells whose the list is";
}

TEST_F(ProviderTest, WithoutListSecretsEachIsDescribed) {
  http.reply(400, error("AccessDeniedException"));
  for (int i = 0; i < 8; ++i) http.reply(200, described("x"));
  versions({"a", "b", "c", "d"});
  versions({"a", "b", "c", "d"});
  EXPECT_EQ(calls().size(), 9U);
  EXPECT_THAT(logged(), HasSubstr("Grant secretsmanager:ListSecrets"));
}

TEST(ListingPolicy, CostsAtMostTwiceTheBest) {
  ListingPolicy policy;
  EXPECT_FALSE(policy.next_page(0, 0));
  EXPECT_FALSE(policy.next_page(0, 3));
  EXPECT_TRUE(policy.next_page(0, 4));
  EXPECT_TRUE(policy.next_page(3, 4));
  EXPECT_FALSE(policy.next_page(4, 4)) << "describing the rest would have been as cheap";
  EXPECT_FALSE(policy.next_page(50, 40));
  policy.ended(10);
  EXPECT_FALSE(policy.next_page(0, 9)) << "ten pages are known to be more";
  EXPECT_TRUE(policy.next_page(0, 11));
  EXPECT_TRUE(policy.next_page(9, 5));
  policy.refused();
  EXPECT_FALSE(policy.next_page(0, 1000));
}

}  // namespace
}  // namespace edsm::cloud::aws
