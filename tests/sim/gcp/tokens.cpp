#include "sim/gcp/tokens.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim::gcp {
namespace {

constexpr base::Duration handed_out_until = std::chrono::minutes(5);
constexpr std::string_view account = "/computeMetadata/v1/instance/service-accounts/default/";

}  // namespace

void Tokens::expire_all() {
  for (Token& token : tokens_) token.expires = std::min(token.expires, timeline_.now());
}

const Tokens::Token& Tokens::current() {
  const auto now = timeline_.now();
  const bool good = !tokens_.empty() && tokens_.back().expires - now > handed_out_until;
  if (!good) {
    tokens_.push_back({fmt::format("ya29.{:016x}", timeline_.random()), now + lifetime_});
  }
  return tokens_.back();
}

Reply Tokens::endpoint(const net::Request& request, std::string_view path) {
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}, {"Metadata-Flavor", "Google"}};
  if (request.headers.find("Metadata-Flavor").value_or("") != "Google") {
    reply.status = 403;
    reply.body = "Missing Metadata-Flavor:Google header.";
  } else if (broken_) {
    reply.status = 503;
  } else if (path == account) {
    reply.body = boost::json::serialize(boost::json::object{
        {"aliases", boost::json::array{"default"}},
        {"email", "edsm@shop-123456.iam.gserviceaccount.com"},
        {"scopes", boost::json::array{"https://www.googleapis.com/auth/cloud-platform"}}});
  } else if (path != fmt::format("{}token", account)) {
    reply.status = 404;
  } else {
    const Token& token = current();
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(token.expires - timeline_.now());
    reply.body = boost::json::serialize(boost::json::object{
        {"access_token", token.text}, {"expires_in", left.count()}, {"token_type", "Bearer"}});
  }
  return reply;
}

Answer<std::string> Tokens::check(const net::Request& request) const {
  const auto bearer = bearer_of(request);
  if (!required_) return bearer;
  const auto found = std::ranges::find(tokens_, bearer, &Token::text);
  if (found != tokens_.end() && found->expires > timeline_.now()) return bearer;
  return fail("UNAUTHENTICATED",
              "Request had invalid authentication credentials. Expected OAuth 2 access token, "
              "login cookie or other valid authentication credential.");
}

}  // namespace edsm::sim::gcp
