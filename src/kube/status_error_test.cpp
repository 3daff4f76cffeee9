#include "kube/status_error.hpp"

#include <gtest/gtest.h>

#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using test::status_json;

Question patch_of(std::string_view plural, bool json_patch = false) {
  Question question;
  question.subject = "patch x a/b";
  question.plural = plural;
  question.json_patch = json_patch;
  return question;
}

struct Case {
  std::string name;
  int status;
  std::string body;
  Failure failure;
  std::string code;
  bool json_patch = false;
};

class Classify : public ::testing::TestWithParam<Case> {};

TEST_P(Classify, ByCode) {
  const Case& c = GetParam();
  const auto error = classify(patch_of("deployments", c.json_patch), c.status, {}, c.body);
  EXPECT_EQ(error.failure, c.failure);
  EXPECT_EQ(error.code, c.code);
  EXPECT_TRUE(error.text.starts_with("patch x a/b: ")) << error.text;
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Classify,
    ::testing::Values(
        Case{"BadRequest", 400, status_json(400, "BadRequest"), Failure::invalid, "BadRequest"},
        Case{"Unauthorized", 401, status_json(401, "Unauthorized"), Failure::credentials,
             "Unauthorized"},
        Case{"Forbidden", 403, status_json(403, "Forbidden"), Failure::refused, "Forbidden"},
        Case{
            "Terminating", 403,
            status_json(403, "Forbidden", "m", R"({"causes":[{"reason":"NamespaceTerminating"}]})"),
            Failure::refused, "NamespaceTerminating"},
        Case{"NotFound", 404, status_json(404, "NotFound"), Failure::absent, "NotFound"},
        Case{"NoSuchPath", 404, "404 page not found\n", Failure::absent, "HTTP404"},
        Case{"Conflict", 409, status_json(409, "Conflict"), Failure::conflict, "Conflict"},
        Case{"Exists", 409, status_json(409, "AlreadyExists"), Failure::conflict, "AlreadyExists"},
        Case{"Expired", 410, status_json(410, "Expired"), Failure::expired, "Expired"},
        Case{"TooLarge", 413, status_json(413, "RequestEntityTooLarge"), Failure::invalid,
             "RequestEntityTooLarge"},
        Case{"MediaType", 415, status_json(415, "UnsupportedMediaType"), Failure::invalid,
             "UnsupportedMediaType"},
        Case{"Invalid", 422,
             status_json(422, "Invalid", "m",
                         R"({"causes":[{"field":"spec.replicas","reason":"FieldValueInvalid"}]})"),
             Failure::invalid, "Invalid"},
        Case{"WrongUid", 422,
             status_json(422, "Invalid", "m",
                         R"({"causes":[{"field":"metadata.uid","reason":"FieldValueInvalid"}]})"),
             Failure::conflict, "Invalid"},
        Case{"NoCausesInMergePatch", 422, status_json(422, "Invalid"), Failure::invalid, "Invalid"},
        Case{"FailedTestInJsonPatch", 422, status_json(422, "Invalid"), Failure::conflict,
             "Invalid", true},
        Case{"JsonPatchWithCauses", 422,
             status_json(422, "Invalid", "m", R"({"causes":[{"field":"data","reason":"Bad"}]})"),
             Failure::invalid, "Invalid", true},
        Case{"Throttled", 429, "", Failure::throttled, "HTTP429"},
        Case{"InternalWithoutReason", 500, R"({"kind":"Status","code":500})", Failure::transient,
             "HTTP500"},
        Case{"Proxy", 502, "<html>Bad Gateway", Failure::transient, "HTTP502"},
        Case{"VersionTooLarge", 504,
             status_json(504, "Timeout", "m",
                         R"({"causes":[{"reason":"ResourceVersionTooLarge"}]})"),
             Failure::transient, "ResourceVersionTooLarge"},
        Case{"Redirect", 302, "", Failure::invalid, "HTTP302"},
        Case{"StrangeKind", 418, R"({"kind":"Pot","reason":"Tea"})", Failure::invalid, "HTTP418"}),
    [](const auto& each) { return each.param.name; });

TEST(ClassifyText, KeepsTheServersWords) {
  const auto error = classify(patch_of("deployments"), 403, {},
                              status_json(403, "Forbidden", "user u cannot patch"));
  EXPECT_EQ(error.text, "patch x a/b: user u cannot patch");
}

TEST(ClassifyText, OfSecretDataNamesFieldsOnly) {
  Question question = patch_of("secrets");
  question.carries_secret = true;
  const std::string causes =
      R"({"causes":[{"field":"data[k]","reason":"FieldValueInvalid","message":"hunter2"}]})";
  for (const int status : {400, 422, 500}) {
    const auto error =
        classify(question, status, {}, status_json(status, "Invalid", "got hunter2", causes));
    EXPECT_FALSE(error.text.contains("hunter2")) << status << error.text;
    EXPECT_TRUE(error.text.contains("data[k]: FieldValueInvalid")) << error.text;
  }
  const auto policy = classify(
      question, 422, {},
      status_json(422, "Invalid", "not hunter2", R"({"causes":[{"message":"not hunter2"}]})"));
  EXPECT_FALSE(policy.text.contains("hunter2"));
  EXPECT_TRUE(policy.text.contains("refused the object")) << "no cause names a field";
  const auto bare = classify(question, 500, {}, status_json(500, "", "got hunter2"));
  EXPECT_FALSE(bare.text.contains("hunter2"));
  const auto refused = classify(question, 403, {}, status_json(403, "Forbidden", "policy says no"));
  EXPECT_TRUE(refused.text.contains("policy says no"));
}

TEST(ClassifyText, MissingDefinitionIsNamed) {
  Question question = patch_of("eventdrivensecrets");
  question.group = kBindings.group;
  const auto unknown = classify(question, 404, {}, "404 page not found");
  EXPECT_TRUE(unknown.text.contains("eventdrivensecrets.secrets.edsm.io is not installed"));
  const auto object = classify(question, 404, {}, status_json(404, "NotFound", "x not found"));
  EXPECT_FALSE(object.text.contains("installed"));
}

TEST(ClassifyText, IsCutOnACharacter) {
  std::string message(2047, 'a');
  message += "\xC3\xA9tail";
  const auto error = classify(patch_of("x"), 403, {}, status_json(403, "Forbidden", message));
  EXPECT_EQ(error.text, "patch x a/b: " + std::string(2047, 'a'));
}

TEST(ClassifyRetryAfter, HeaderBeforeDetails) {
  const auto details = status_json(429, "TooManyRequests", "m", R"({"retryAfterSeconds":7})");
  const auto both = classify(patch_of("x"), 429, {{"retry-after", "3"}}, details);
  EXPECT_EQ(both.retry_after, std::chrono::seconds(3));
  const auto body = classify(patch_of("x"), 429, {}, details);
  EXPECT_EQ(body.retry_after, std::chrono::seconds(7));
  const auto none = classify(patch_of("x"), 503, {}, "");
  EXPECT_EQ(none.retry_after, std::nullopt);
}

}  // namespace
}  // namespace edsm::kube
