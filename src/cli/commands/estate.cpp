#include "cli/commands/estate.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "cloud/aws/match.hpp"
#include "net/url.hpp"

namespace edsm::cli {
namespace {

std::string name_of(std::string_view path) {
  const auto arn = cloud::aws::parse_secret_arn(path);
  if (!arn) return std::string(path);
  return std::string(cloud::aws::without_suffix(arn->resource).value_or(arn->resource));
}

template <class Visit>
void each_item(const std::vector<base::JsonDocument>& pages, Visit visit) {
  for (const auto& page : pages) {
    const auto* const items = base::array_at(page.root(), "items");
    if (items == nullptr) continue;
    for (const auto& item : *items) visit(item);
  }
}

}  // namespace

std::vector<const Consumer*> Estate::users_of(const sync::Binding& binding) const {
  std::vector<const Consumer*> users;
  for (const auto& consumer : consumers) {
    const auto& workload = consumer.workload;
    const bool names_it =
        std::ranges::find(workload.secrets, binding.target.name) != workload.secrets.end();
    if (names_it && workload.key.ns == binding.key.ns) users.push_back(&consumer);
  }
  return users;
}

base::Task<base::Result<std::vector<base::JsonDocument>>> list_all(kube::Api& api,
                                                                   kube::Resource kind,
                                                                   Namespaces namespaces) {
  std::vector<base::JsonDocument> pages;
  for (const auto& ns : namespaces) {
    std::string more;
    do {
      std::string query = "limit=500";
      if (!more.empty()) query += "&continue=" + net::percent_encode(more);
      auto page = co_await api.list(kind, ns, std::move(query), kube::View::full);
      if (!page) co_return std::unexpected(std::move(page.error()));
      more = base::string_at(page->root(), "metadata.continue");
      pages.push_back(std::move(*page));
    } while (!more.empty());
  }
  co_return pages;
}

base::Task<base::Result<std::vector<Reported>>> read_bindings(kube::Api& api,
                                                              Namespaces namespaces) {
  auto pages = co_await list_all(api, kube::kBindings, std::move(namespaces));
  if (!pages) {
    if (pages.error().code == "HTTP404") {
      pages.error().text += "; is EDSM's CustomResourceDefinition installed?";
    }
    co_return std::unexpected(std::move(pages.error()));
  }
  std::vector<Reported> bindings;
  each_item(*pages, [&](const auto& item) {
    bindings.push_back({sync::decode_binding(item), sync::decode_status(item)});
  });
  std::ranges::sort(bindings, {}, [](const Reported& each) { return each.binding.key; });
  co_return bindings;
}

base::Task<base::Result<Estate>> read_estate(kube::Api& api, Namespaces namespaces) {
  auto bindings = co_await read_bindings(api, namespaces);
  if (!bindings) co_return std::unexpected(std::move(bindings.error()));
  Estate estate;
  estate.bindings = std::move(*bindings);
  for (const auto& kind : {kube::kDeployments, kube::kStatefulSets, kube::kDaemonSets}) {
    auto pages = co_await list_all(api, kind, namespaces);
    if (!pages) co_return std::unexpected(std::move(pages.error()));
    each_item(*pages, [&](const auto& item) {
      auto workload = sync::decode_workload(item, kind);
      if (!workload) return;
      estate.consumers.push_back({std::move(*workload), wanted_pods(item),
                                  base::bool_at(item, "spec.paused").value_or(false)});
    });
  }
  std::ranges::sort(estate.consumers, {}, [](const Consumer& consumer) {
    return std::tuple(consumer.workload.key.ns, consumer.workload.resource.kind,
                      consumer.workload.key.name);
  });
  co_return estate;
}

std::int64_t wanted_pods(const boost::json::value& object) {
  if (const auto scheduled = base::int_at(object, "status.desiredNumberScheduled")) {
    return *scheduled;
  }
  return base::int_at(object, "spec.replicas").value_or(0);
}

bool same_secret(std::string_view path, std::string_view wanted) {
  const auto left = cloud::aws::parse_secret_arn(path);
  const auto right = cloud::aws::parse_secret_arn(wanted);
  const bool elsewhere =
      left && right && (left->region != right->region || left->account != right->account);
  return !elsewhere && name_of(path) == name_of(wanted);
}

}  // namespace edsm::cli
