#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/azure/azure.hpp"
#include "sim/test_timeline.hpp"

namespace edsm::sim::azure {

/// An Azure and somebody who has tokens for all of it.
struct AzureTest : testing::Test {
  using object = boost::json::object;
  using Method = net::Method;
  using ExchangePtr = std::shared_ptr<RecordedExchange>;

  ManualTimeline timeline;
  Azure azure{timeline};
  std::string vault_token = fresh_token(kVaultAudience);
  std::string bus_token = fresh_token(kBusAudience);

  ExchangePtr send(const net::Request& request) {
    auto exchange = std::make_shared<RecordedExchange>();
    azure.take(request, exchange);
    return exchange;
  }
  static object body(const ExchangePtr& exchange) {
    return boost::json::parse(exchange->reply().body).as_object();
  }
  ExchangePtr ask_for_token(std::string_view resource, std::string_view tenant = kTenant,
                            std::string_view assertion = kFederatedToken) {
    net::Request request(Method::post,
                         fmt::format("https://{}/{}/oauth2/v2.0/token", kLoginHost, tenant));
    request.body.append(fmt::format(
        "grant_type=client_credentials&client_id={}&scope={}%2F.default&client_assertion_type="
        "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={}",
        kClient, resource, assertion));
    return send(request);
  }
  std::string fresh_token(std::string_view resource, std::string_view tenant = kTenant) {
    return std::string(text_at(body(ask_for_token(resource, tenant)), "access_token"));
  }
  ExchangePtr of_vault(Method method, std::string_view path, const object& input = {}) {
    const auto mark = path.find('?') == std::string_view::npos ? '?' : '&';
    net::Request request(
        method, fmt::format("https://shop-kv.vault.azure.net/{}{}api-version=7.4", path, mark));
    request.headers.add("Authorization", "Bearer " + vault_token);
    if (method != Method::get) request.body.append(boost::json::serialize(input));
    return send(request);
  }
  object get(std::string_view path) { return body(of_vault(Method::get, path)); }
  /// "SecretNotFound" of an error, the inner code where there is one, "" of a success.
  static std::string code(const object& answer) {
    if (!answer.contains("error")) return {};
    const auto& error = answer.at("error").as_object();
    const auto* const inner = error.if_contains("innererror");
    return std::string(inner == nullptr ? text_at(error, "code")
                                        : text_at(inner->as_object(), "code"));
  }
  std::string read(std::string_view name) {
    const auto answer = get(fmt::format("secrets/{}", name));
    return answer.contains("error") ? code(answer) : std::string(text_at(answer, "value"));
  }
  ExchangePtr of_bus(Method method, std::string_view path) {
    net::Request request(method,
                         fmt::format("https://shop.servicebus.windows.net/edsm-events/{}", path));
    request.headers.add("Authorization", "Bearer " + bus_token);
    return send(request);
  }
  ExchangePtr receive(int time = 0) {
    return of_bus(Method::post, fmt::format("messages/head?timeout={}", time));
  }
  static object properties(const ExchangePtr& exchange) {
    return boost::json::parse(exchange->reply().headers.find("BrokerProperties").value_or("{}"))
        .as_object();
  }
  /// The path of the lock of a received message.
  static std::string lock(const ExchangePtr& exchange) {
    const auto location = exchange->reply().headers.find("Location").value_or("");
    return std::string(location.substr(location.find("messages/")));
  }
  int settle(Method method, const ExchangePtr& received) {
    return of_bus(method, lock(received))->reply().status;
  }
  /// What the waiting messages say: their event types.
  std::vector<std::string> told() {
    std::vector<std::string> events;
    for (;;) {
      const auto received = receive();
      if (received->reply().status != 201) return events;
      const auto event = body(received);
      events.emplace_back(text_at(event, event.contains("type") ? "type" : "eventType"));
      settle(Method::del, received);
    }
  }
};

}  // namespace edsm::sim::azure
