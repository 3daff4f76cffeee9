#include "cloud/aws/inspect/sample_events.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/events.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

const EventPlace place{"eu-west-1", "123456789012"};

std::variant<Hint, Irrelevant, Malformed> decoded(EventKind kind, std::string_view secret) {
  return decode_event(boost::json::serialize(sample_event(kind, secret, place)));
}

/// What the controller would do with them is what they are samples of.
TEST(SampleEvents, AreUnderstoodAsHintsOfTheirSecret) {
  for (const std::string_view secret :
       {"prod/db", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-x1Y2z3",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db"}) {
    for (const auto kind : {EventKind::label_updated, EventKind::put_secret_value,
                            EventKind::update_secret, EventKind::update_version_stage,
                            EventKind::created, EventKind::removed, EventKind::restored}) {
      const auto content = decoded(kind, secret);
      const auto* const hint = std::get_if<Hint>(&content);
      ASSERT_NE(hint, nullptr) << to_string(kind) << " of " << secret;
      EXPECT_EQ(hint->cause, to_string(kind));
      EXPECT_THAT(hint->match_keys,
                  testing::Contains(testing::AnyOfArray(binding_keys(place.region, secret))))
          << to_string(kind) << " of " << secret;
    }
  }
}

TEST(SampleEvents, ReadsAreReads) {
  for (const auto kind : {EventKind::value_read, EventKind::batch_read})
    EXPECT_TRUE(std::holds_alternative<Irrelevant>(decoded(kind, "prod/db"))) << to_string(kind);
}

}  // namespace
}  // namespace edsm::cloud::aws
