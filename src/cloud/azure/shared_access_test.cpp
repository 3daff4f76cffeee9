#include "cloud/azure/shared_access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace edsm::cloud::azure {
namespace {

std::shared_ptr<const SharedKey> key(std::string_view name) {
  auto made = std::make_shared<SharedKey>();
  made->name = name;
  made->key.append("c2VjcmV0IGtleSBvZiBodW50ZXIy+/8=");
  return made;
}

/// Made by Python's hmac and urllib, in the way of the service's documentation.
TEST(SharedAccessSignature, IsThatOfAnotherImplementation) {
  const base::WallTime expires{std::chrono::seconds(1'764'374'400)};
  EXPECT_EQ(
      shared_access_signature("https://shop.servicebus.windows.net/Events", *key("listen"), expires)
          .view(),
      "SharedAccessSignature sr=https%3A%2F%2Fshop.servicebus.windows.net%2Fevents"
      "&sig=NL5YGRcC2ojEdzhlJ5gtPt5ri2YwPjjev4h5FtIZaRQ%3D&se=1764374400&skn=listen");
  EXPECT_EQ(
      shared_access_signature("https://shop.servicebus.windows.net/t/subscriptions/s", *key("a+b"),
                              expires)
          .view(),
      "SharedAccessSignature sr=https%3A%2F%2Fshop.servicebus.windows.net%2Ft%2Fsubscriptions%2Fs"
      "&sig=oTD8C1C5NKUkB1xRRUi9jX4y6%2FfZunt3s3ftoDYy2Ek%3D&se=1764374400&skn=a%2Bb");
}

TEST(SharedAccess, AWrongClockIsCorrected) {
  support::ManualClock clock(true);
  SharedAccess access("https://shop.servicebus.windows.net/q", key("listen"), clock);
  const auto ends = [&] {
    const auto pass = support::run(access.pass());
    EXPECT_EQ(pass->token, nullptr);
    const auto text = std::string(pass->header.view());
    const auto at = text.find("&se=") + 4;
    return base::WallTime(std::chrono::seconds(std::stoll(text.substr(at, 10))));
  };
  EXPECT_EQ(ends(), clock.wall() + std::chrono::hours(1));
  net::Response refusal;
  EXPECT_EQ(access.refused({}, refusal), false) << "there is no better one";
  refusal.headers.add("Date", "Mon, 23 Nov 2026 03:00:00 GMT");  // it is 01:00 here
  EXPECT_EQ(access.refused({}, refusal), true);
  EXPECT_EQ(ends(), clock.wall() + std::chrono::hours(3));
  EXPECT_EQ(access.refused({}, refusal), false) << "that was not the reason";
}

}  // namespace
}  // namespace edsm::cloud::azure
