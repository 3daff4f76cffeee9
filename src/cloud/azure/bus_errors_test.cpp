#include "cloud/azure/bus_errors.hpp"

#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edsm::cloud::azure {
namespace {

using base::Failure;

TEST(BusErrors, ByStatusAndTheTokensFault) {
  struct Row {
    int status;
    std::string_view detail;
    Failure failure;
    std::string_view code;
  };
  const std::vector<Row> rows = {
      {400, "It is not possible for an entity that requires sessions", Failure::refused, "Http400"},
      {401, "ExpiredToken: The token is expired. Expiration time: 'hunter2'.", Failure::credentials,
       "ExpiredToken"},
      {401, "MissingToken: The authorization header was not found.", Failure::credentials,
       "MissingToken"},
      {401, "InvalidSignature: The token has an invalid signature.", Failure::credentials,
       "InvalidSignature"},
      {401, "InvalidAudience: hunter2", Failure::credentials, "InvalidAudience"},
      {401, "Unauthorized access. 'Listen' claim(s) are required. Resource: 'sb://hunter2'.",
       Failure::refused, "Unauthorized"},
      {401, "hunter2: is no code that we know", Failure::credentials, "Http401"},
      {401, "", Failure::credentials, "Http401"},
      {403, "ExpiredToken: here it means nothing", Failure::refused, "Http403"},
      {404, "No service is hosted at the specified address.", Failure::absent, "Http404"},
      {410, "", Failure::absent, "Http410"},
      {409, "", Failure::conflict, "Http409"},
      {429, "", Failure::throttled, "Http429"},
      {500, "", Failure::transient, "Http500"},
      {503, "", Failure::transient, "Http503"},
  };
  for (const auto& [status, detail, failure, code] : rows) {
    net::Response response;
    response.status = status;
    // The form of the service's recorded answer.
    response.body.append(fmt::format(
        "<Error><Code>{}</Code><Detail>{}.TrackingId:1_G0,TimeStamp:11/29/2026</Detail></Error>",
        status, detail));
    const auto error = bus_error(response, "servicebus Receive");
    EXPECT_EQ(error.failure, failure) << detail;
    EXPECT_EQ(error.code, code) << detail;
    EXPECT_THAT(error.text, testing::StartsWith(fmt::format(
                                "servicebus Receive was answered with HTTP {}", status)));
    EXPECT_THAT(error.text, testing::Not(testing::HasSubstr("hunter2")));
  }
}

TEST(BusErrors, SayWhenToComeAgain) {
  net::Response response;
  response.status = 429;
  response.headers.add("Retry-After", "3");
  EXPECT_EQ(bus_error(response, "x").retry_after, std::chrono::milliseconds(3000));
  response.headers.add("x-ms-retry-after-ms", "1500");
  EXPECT_EQ(bus_error(response, "x").retry_after, std::chrono::milliseconds(1500));
  for (const std::string_view body :
       {"<Detail>", "<Detail></Detail>", "ExpiredToken:", "<Detail>é"}) {
    net::Response odd;
    odd.status = 401;
    odd.body.append(body);
    EXPECT_EQ(bus_error(odd, "x").code, "Http401");
  }
}

}  // namespace
}  // namespace edsm::cloud::azure
