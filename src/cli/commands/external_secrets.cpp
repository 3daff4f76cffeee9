#include "cli/commands/external_secrets.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.hpp"
#include "cli/commands/external_azure.hpp"
#include "cli/commands/external_identity.hpp"
#include "cli/commands/external_template.hpp"
#include "sync/names.hpp"

namespace edsm::cli {
namespace {

using base::string_at;

std::string text_at(const boost::json::value& object, std::string_view path,
                    std::string_view otherwise = {}) {
  const auto found = string_at(object, path);
  return std::string(found.empty() ? otherwise : found);
}

bool any_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::ranges::find(choices, text) != choices.end();
}

/// A property that means the same here and there: names and dots, no query and no list's index.
bool plain_property(std::string_view property) {
  if (property.find_first_of(R"(*?|#@\!{}[]()=<>%"')") != std::string_view::npos) return false;
  while (!property.empty()) {
    const auto part = property.substr(0, property.find('.'));
    const bool index = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (index) return false;  // also an empty part
    property.remove_prefix(std::min(part.size() + 1, property.size()));
  }
  return true;
}

/// spec.data[] or spec.dataFrom[].extract: where something is read.
struct Reading {
  std::string key;
  std::string property;
  std::string secret_key;  ///< empty: all members, each under its name
};

class Conversion {
 public:
  Conversion(const boost::json::value& external, const Stores& stores, std::string_view default_ns)
      : external_(external) {
    done_.ns = text_at(external, "metadata.namespace", default_ns);
    done_.name = text_at(external, "metadata.name");
    const auto kind = text_at(external, "spec.secretStoreRef.kind", "SecretStore");
    const auto name = text_at(external, "spec.secretStoreRef.name");
    store_name_ = fmt::format("{} {}", kind, name);
    store_ = stores.find(kind, done_.ns, name);
    if (store_ == nullptr) return;
    aws_ = base::find_path(*store_, "spec.provider.aws");
    google_ = base::find_path(*store_, "spec.provider.gcpsm");
    azure_ = base::find_path(*store_, "spec.provider.azurekv");
  }

  Converted run() && {
    if (!is_object_name(done_.name)) refuse("its name is not one that Kubernetes takes");
    if (!done_.ns.empty() && !is_object_name(done_.ns)) {
      refuse("its namespace is not one that Kubernetes takes");
    }
    owner();
    refreshing();
    target();
    reading();
    store();
    return std::move(done_);
  }

 private:
  template <class... Parts>
  void refuse(fmt::format_string<Parts...> text, Parts&&... parts) {
    done_.refused.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }
  template <class... Parts>
  void lose(fmt::format_string<Parts...> text, Parts&&... parts) {
    done_.lost.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }

  void owner() {
    const auto* const owners = base::array_at(external_, "metadata.ownerReferences");
    if (owners == nullptr) return;
    for (const auto& each : *owners) {
      lose("its owner {} {}, which may make the ExternalSecret again", string_at(each, "kind"),
           string_at(each, "name"));
    }
  }

  void refreshing() {
    const auto policy = text_at(external_, "spec.refreshPolicy");
    const auto interval = text_at(external_, "spec.refreshInterval");
    if (any_of(policy, {"CreatedOnce", "OnChange"})) {
      lose("refreshPolicy {}: EDSM follows every change", policy);
    } else if (policy.empty() && (any_of(interval, {"0", "0s", "0m", "0h", "0h0m0s"}) ||
                                  base::int_at(external_, "spec.refreshInterval") == 0)) {
      lose("refreshInterval 0, read once: EDSM follows every change");
    }
  }

  void target() {
    auto& wish = done_.wish;
    wish.target = text_at(external_, "spec.target.name", done_.name);
    const auto creation = text_at(external_, "spec.target.creationPolicy", "Owner");
    if (any_of(creation, {"Orphan", "Merge"})) {
      wish.creation = creation;
    } else if (creation != "Owner") {
      refuse("target.creationPolicy {}: EDSM has Owner, Orphan and Merge", creation);
    }
    const auto deletion = text_at(external_, "spec.target.deletionPolicy", "Retain");
    wish.delete_with_source = deletion == "Delete" && creation != "Merge";
    if (deletion != "Retain" && !wish.delete_with_source) {
      lose("target.deletionPolicy {}: the keys stay when the cloud secret is gone", deletion);
    }
    if (base::bool_at(external_, "spec.target.immutable") == true) {
      lose("target.immutable: EDSM's Secrets can be changed");
    }
    if (base::find_path(external_, "spec.target.manifest") != nullptr) {
      refuse("target.manifest makes something else than a Secret");
    }
    template_ = read_template(external_, wish);
    for (auto& each : template_.lost) done_.lost.push_back(std::move(each));
    for (auto& each : template_.refused) done_.refused.push_back(std::move(each));
  }

  /// Ways to read that may mean another value.
  void check(const boost::json::value& reference, std::string_view where) {
    const auto version = text_at(reference, "version", "AWSCURRENT");
    const bool named = google_ != nullptr || azure_ != nullptr;  // a part of our path
    if (!named && version != "AWSCURRENT") {
      refuse("{} reads version {}: EDSM reads the current one", where, version);
    }
    const auto decoding = text_at(reference, "decodingStrategy", "None");
    if (decoding != "None") {
      refuse("{} decodes by {}: EDSM takes values as they are", where, decoding);
    }
    const auto metadata = text_at(reference, "metadataPolicy", "None");
    if (metadata != "None") refuse("{} reads the secret's tags, not its value", where);
  }

  void check_source(const boost::json::value& entry, std::string_view where) {
    if (base::find_path(entry, "sourceRef.generatorRef") != nullptr) {
      refuse("{} comes from a generator", where);
    }
    const auto other = text_at(entry, "sourceRef.storeRef.name");
    if (!other.empty() && other != string_at(external_, "spec.secretStoreRef.name")) {
      refuse("{} reads from a store of its own, {}", where, other);
    }
  }

  std::vector<Reading> readings() {
    std::vector<Reading> all;
    if (const auto* const data = base::array_at(external_, "spec.data")) {
      for (const auto& entry : *data) {
        const auto key = text_at(entry, "secretKey");
        const auto where = fmt::format("data {}", key);
        check_source(entry, where);
        const auto* const reference = base::find(entry, "remoteRef");
        if (reference == nullptr) {
          refuse("{} has no remoteRef", where);
          continue;
        }
        check(*reference, where);
        all.push_back({path_in(*reference), text_at(*reference, "property"), key});
      }
    }
    if (const auto* const from = base::array_at(external_, "spec.dataFrom")) {
      for (const auto& entry : *from) {
        if (auto reading = extraction(entry)) all.push_back(std::move(*reading));
      }
    }
    return all;
  }

  std::optional<Reading> extraction(const boost::json::value& entry) {
    check_source(entry, "dataFrom");
    const auto* const extract = base::find(entry, "extract");
    if (base::find(entry, "find") != nullptr) {
      refuse("dataFrom.find reads many cloud secrets into one Secret; EDSM reads one");
    }
    if (extract == nullptr) return std::nullopt;
    check(*extract, "dataFrom.extract");
    const auto* const rewrite = base::array_at(entry, "rewrite");
    if (rewrite != nullptr && !rewrite->empty()) {
      refuse("dataFrom.rewrite gives keys new names: name each of them in spec.data instead");
    }
    if (string_at(*extract, "conversionStrategy") == "Unicode") {
      lose("conversionStrategy Unicode: a member that is no valid key is an error");
    }
    if (!string_at(*extract, "property").empty()) {
      refuse("dataFrom.extract takes the members of {}: name each of them in spec.data instead",
             string_at(*extract, "property"));
    }
    return Reading{path_in(*extract), "", ""};
  }

  /// Where it reads. But on AWS a version may be named, which is a part of our path.
  std::string path_in(const boost::json::value& reference) {
    auto path = text_at(reference, "key");
    if (azure_ != nullptr) {
      auto found = azure_path(path, text_at(reference, "version"));
      if (!found.refused.empty()) refuse("{}", found.refused);
      return std::move(found.path);
    }
    const auto version = text_at(reference, "version", "latest");
    if (google_ != nullptr && version != "latest") path += "/versions/" + version;
    return path;
  }

  void reading() {
    const auto all = readings();
    std::set<std::string> keys;
    for (const auto& each : all) keys.insert(each.key);
    if (all.empty()) {
      if (done_.refused.empty()) refuse("it reads nothing");
      return;
    }
    if (keys.size() > 1) {
      refuse("it reads {} cloud secrets into one Secret ({}); an EventDrivenSecret reads one",
             keys.size(), fmt::join(keys, ", "));
      return;
    }
    done_.wish.path = *keys.begin();
    if (done_.wish.path.empty() && done_.refused.empty())
      refuse("it does not say which cloud secret it reads");
    const bool whole =
        std::ranges::any_of(all, [](const Reading& each) { return each.property.empty(); });
    if (all.size() > 1 && whole) {
      refuse("it takes a whole value and parts of it at once; an EventDrivenSecret does one");
      return;
    }
    if (all.front().secret_key.empty()) {
      members();
    } else if (whole) {
      whole_value(all.front());
    } else {
      parts(all);
    }
  }

  void members() {
    done_.wish.format = "JSON";
    for (const auto& [key, from] : template_.renamed) done_.wish.data.push_back({key, from});
    if (template_.renamed.empty() || !template_.merges) return;
    refuse(
        "target.template adds keys to those of the value: EDSM takes all members or those named");
  }

  void whole_value(const Reading& reading) {
    if (template_.renamed.size() > 1 || (template_.merges && !template_.renamed.empty())) {
      refuse("target.template puts one value under several keys");
    }
    done_.wish.format = "Binary";
    done_.wish.raw_key = reading.secret_key;
    for (const auto& [key, from] : template_.renamed) {
      if (from != reading.secret_key) refuse("target.template names {}, which is not read", from);
      done_.wish.raw_key = key;
    }
  }

  void parts(const std::vector<Reading>& all) {
    std::map<std::string, std::string> properties;
    for (const auto& [path, property, secret_key] : all) {
      if (!plain_property(property)) {
        refuse("data {}: property {} is a query or a list's index, which EDSM does not know",
               secret_key, property);
      }
      properties[secret_key] = property;
    }
    std::map<std::string, std::string> wanted;
    if (template_.renamed.empty() || template_.merges) wanted = properties;
    for (const auto& [key, from] : template_.renamed) {
      const auto read = properties.find(from);
      if (read == properties.end()) {
        refuse("target.template names {}, which is not read", from);
      } else {
        wanted[key] = read->second;
      }
    }
    for (const auto& [key, property] : wanted) {
      done_.wish.data.push_back({key, property == key ? "" : property});
    }
  }

  void store() {
    if (store_ == nullptr) {
      refuse("{} is not among what was read", store_name_);
      return;
    }
    if (aws_ == nullptr && google_ == nullptr && azure_ == nullptr) {
      refuse("{} is of none of AWS, Google Cloud and Azure", store_name_);
      return;
    }
    if (base::array_at(*store_, "spec.conditions") != nullptr) {
      lose("{}: conditions, which say what namespaces may use it", store_name_);
    }
    if (google_ != nullptr) {
      of_google();
    } else if (azure_ != nullptr) {
      of_azure();
    } else {
      of_aws();
    }
  }

  void of_aws() {
    const auto service = text_at(*aws_, "service", "SecretsManager");
    if (service != "SecretsManager") refuse("{} reads {}", store_name_, service);
    auto& wish = done_.wish;
    wish.region = text_at(*aws_, "region");
    wish.path = text_at(*aws_, "prefix") + wish.path;
    auto identity = read_identity(*aws_, wish.path);
    wish.role = std::move(identity.role);
    wish.external_id = std::move(identity.external_id);
    for (const auto& each : identity.lost) lose("{}: {}", store_name_, each);
  }

  void of_google() {
    auto& wish = done_.wish;
    wish.provider = "gcp";
    wish.project = text_at(*google_, "projectID");
    wish.region = text_at(*google_, "location");
    if (text_at(*google_, "secretVersionSelectionPolicy") == "LatestOrFetch") {
      lose(
          "{}: LatestOrFetch: when the latest version is disabled or destroyed, EDSM keeps the "
          "value that the Secret has",
          store_name_);
    }
    if (base::find(*google_, "auth") == nullptr) return;
    lose("{}: auth: EDSM reads with one identity of its own, which must be allowed to read {}",
         store_name_, wish.path);
  }

  void of_azure() {
    auto& wish = done_.wish;
    wish.provider = "azure";
    auto store = read_azure_store(*azure_, wish.path);
    wish.vault = std::move(store.vault);
    wish.tenant = std::move(store.tenant);
    if (!store.refused.empty()) refuse("{}: {}", store_name_, store.refused);
    for (const auto& each : store.lost) lose("{}: {}", store_name_, each);
  }

  const boost::json::value& external_;
  std::string store_name_;  ///< with its kind
  const boost::json::value* store_ = nullptr;
  const boost::json::value* aws_ = nullptr;  ///< the provider's part of the store, if it is AWS's
  const boost::json::value* google_ = nullptr;  ///< likewise
  const boost::json::value* azure_ = nullptr;   ///< likewise
  Converted done_;
  Template template_;
};

}  // namespace

Stores::Stores(const Manifests& manifests, std::string_view default_ns) {
  for (const std::string kind : {"SecretStore", "ClusterSecretStore"}) {
    for (const auto* const store : manifests.of_kind(kind)) {
      auto ns = kind == "SecretStore" ? text_at(*store, "metadata.namespace", default_ns) : "";
      stores_[{kind, std::move(ns), text_at(*store, "metadata.name")}] = store;
    }
  }
}

const boost::json::value* Stores::find(std::string_view kind, std::string_view ns,
                                       std::string_view name) const {
  const std::string where(kind == "ClusterSecretStore" ? "" : ns);
  const auto found = stores_.find({std::string(kind), where, std::string(name)});
  return found == stores_.end() ? nullptr : found->second;
}

Converted convert(const boost::json::value& external_secret, const Stores& stores,
                  std::string_view default_ns) {
  return Conversion(external_secret, stores, default_ns).run();
}

bool is_object_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return !name.empty() && name.size() <= 253 && name.front() != '-' && name.front() != '.' &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace edsm::cli
