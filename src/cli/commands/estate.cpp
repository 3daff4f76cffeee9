#include "cli/commands/estate.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::cli {
namespace {

/// Page by page; `query` is put before each page's own words.
base::Task<base::Result<std::vector<base::JsonDocument>>> list_pages(
    kube::Api& api, kube::Resource kind, std::string ns, std::string query, kube::View view) {
  std::vector<base::JsonDocument> pages;
  std::string more;
  do {
    std::string words = query + "limit=500";
    if (!more.empty()) words += "&continue=" + net::percent_encode(more);
    auto page = co_await api.list(kind, ns, std::move(words), view);
    if (!page) co_return std::unexpected(std::move(page.error()));
    more = base::string_at(page->root(), "metadata.continue");
    pages.push_back(std::move(*page));
  } while (!more.empty());
  co_return pages;
}

}  // namespace

sync::Condition readiness(const Reported& reported) {
  sync::Condition said{"Ready", "Unknown", "NotObserved", "", "", 0};
  const auto* const ready = reported.status.condition("Ready");
  if (ready == nullptr) {
    said.message = "the controller has not looked at it yet: is it running?";
  } else if (ready->observed_generation != reported.binding.generation) {
    said.message = "the controller has not looked at this spec yet";
  } else {
    said = *ready;
  }
  return said;
}

bool Consumer::pends(const Reported& reported) const {
  const auto record = workload.records.find(reported.binding.target.name.str());
  return record == workload.records.end() || record->second.digest != reported.status.applied_hash;
}

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
    auto more = co_await list_pages(api, kind, ns, "", kube::View::full);
    if (!more) co_return std::unexpected(std::move(more.error()));
    std::ranges::move(*more, std::back_inserter(pages));
  }
  co_return pages;
}

base::Task<base::Result<std::vector<base::JsonDocument>>> list_metadata(kube::Api& api,
                                                                        kube::Resource kind,
                                                                        std::string ns) {
  co_return co_await list_pages(api, kind, std::move(ns), "", kube::View::metadata);
}

base::Task<base::Result<std::vector<base::JsonDocument>>> list_selected(
    kube::Api& api, kube::Resource kind, std::string ns, std::string by, std::string selector) {
  auto query = fmt::format("{}={}&", by, net::percent_encode(selector));
  co_return co_await list_pages(api, kind, std::move(ns), std::move(query), kube::View::full);
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

}  // namespace edsm::cli
