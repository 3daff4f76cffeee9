#include "cli/commands/doctor_identity.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/time.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cloud/aws/xml.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

cloud::aws::Call identity_call() {
  cloud::aws::Call call;
  call.operation = "GetCallerIdentity";
  call.content_type = "application/x-www-form-urlencoded";
  call.body.append("Action=GetCallerIdentity&Version=2011-06-15");
  return call;
}

}  // namespace

base::Task<Findings> examine_identity(cloud::aws::Cloud& cloud, base::Clock& clock,
                                      std::string origin, std::string region) {
  if (region.empty()) {
    co_return Findings{{Level::notice, "identity",
                        fmt::format("credentials: {}; no region is set", origin),
                        "each binding has to name its region, or set AWS_REGION"}};
  }
  auto client = cloud.client(cloud::aws::Service::sts, region);
  if (!client) {
    co_return Findings{{Level::failure, "identity", base::describe(client.error()),
                        remedy_for(client.error(), "AWS")}};
  }
  auto call = identity_call();
  const auto answer = co_await (*client)->send(std::move(call));
  if (!answer) {
    // STS permits this call to everybody, so what fails is the credentials or the way to AWS. Both
    // may still be right for the services that EDSM needs: those are looked at, too.
    const bool rejected = answer.error().failure == base::Failure::credentials;
    co_return Findings{
        {rejected ? Level::failure : Level::unknown, "identity",
         fmt::format("credentials: {}; {}", origin, base::describe(answer.error())),
         rejected ? "correct them where `edsm run` starts"
                  : "STS has to be reachable to see whose they are; EDSM itself needs it only to "
                    "assume a role"}};
  }
  const auto arn = cloud::aws::xml_element(answer->body.view(), "Arn").value_or("somebody");
  Findings findings{
      {Level::good, "identity", fmt::format("{} in {}, by {}", arn, region, origin), ""}};
  const auto date = base::parse_http_date(answer->headers.find("Date").value_or(""));
  if (date) findings.push_back(judge_skew(*date - clock.wall(), "AWS"));
  co_return findings;
}

}  // namespace edsm::cli
