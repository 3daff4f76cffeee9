#include "cli/commands/migration.hpp"

#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.hpp"
#include "cli/commands/reloader.hpp"
#include "telemetry/escape.hpp"

namespace edsm::cli {
namespace {

/// A line of a comment, whatever the words hold.
std::string comment(std::string_view words) {
  std::string line = "# ";
  telemetry::append_escaped(line, words, telemetry::Escape::controls,
                            std::numeric_limits<std::size_t>::max());
  return line + "\n";
}

std::string full_name(std::string_view ns, std::string_view name) {
  return ns.empty() ? std::string(name) : fmt::format("{}/{}", ns, name);
}

std::string in_namespace(std::string_view ns) {
  return ns.empty() ? std::string() : fmt::format(" --namespace {}", ns);
}

class Writer {
 public:
  Writer(const Manifests& manifests, std::string_view default_ns, bool secrets_known)
      : manifests_(manifests), default_ns_(default_ns) {
    reloadable_.matching_known = secrets_known;
  }

  Migration write() && {
    existing();
    const Stores stores(manifests_, default_ns_);
    for (const auto* const external : manifests_.of_kind("ExternalSecret")) {
      auto converted = convert(*external, stores, default_ns_);
      refuse_second(converted);
      if (converted.refused.empty() && says_match(*external)) {
        reloadable_.matching.insert({converted.ns, converted.wish.target});
      }
      external_secret(converted);
    }
    strangers();
    for (const auto& [kind, object] : manifests_.all()) {
      const auto reloaded = convert_reloader(kind, *object, reloadable_, default_ns_);
      if (reloaded) workload(*reloaded);
    }
    return std::move(done_);
  }

 private:
  std::string ns_of(const boost::json::value& object) const {
    const auto ns = base::string_at(object, "metadata.namespace");
    return std::string(ns.empty() ? default_ns_ : ns);
  }

  /// EventDrivenSecrets that are there already, and Secrets that Reloader would find.
  void existing() {
    for (const auto* const binding : manifests_.of_kind("EventDrivenSecret")) {
      const base::ObjectKey target{ns_of(*binding),
                                   base::string_at(*binding, "spec.targetSecretName")};
      writers_.emplace(target, std::string(base::string_at(*binding, "metadata.name")));
      reloadable_.managed.insert(target);
      if (says_match(*binding)) reloadable_.matching.insert(target);
    }
    for (const auto* const secret : manifests_.of_kind("Secret")) {
      if (!says_match(*secret)) continue;
      reloadable_.matching.insert({ns_of(*secret), base::string_at(*secret, "metadata.name")});
    }
  }

  /// A target has one EventDrivenSecret. One of the same name is the same one, from an earlier run.
  void refuse_second(Converted& converted) {
    if (!converted.refused.empty()) return;
    const base::ObjectKey target{converted.ns, converted.wish.target};
    const auto [first, fresh] = writers_.emplace(target, converted.name);
    if (!fresh && first->second != converted.name) {
      converted.refused.push_back(fmt::format("EventDrivenSecret {} writes Secret {} already",
                                              first->second, converted.wish.target));
    } else {
      reloadable_.managed.insert(target);
    }
  }

  void say(std::string_view words) { done_.text += comment(words); }
  void say_lost(const std::vector<std::string>& things) {
    for (const auto& each : things) say("  lost: " + each);
    done_.lost += things.size();
  }

  void external_secret(const Converted& converted) {
    const auto name = full_name(converted.ns, converted.name);
    if (!converted.refused.empty()) {
      say(fmt::format("ExternalSecret {} is not carried over:", name));
      say_lost(converted.refused);
      return;
    }
    ++done_.made;
    done_.text += "---\n";
    say("From ExternalSecret " + name);
    say_lost(converted.lost);
    if (converted.wish.delete_with_source) {
      say("  deletionPolicy Delete needs a permission: allowSecretDeletion=true in the chart");
    }
    if (!converted.wish.role.empty()) say_needs_of_role(converted);
    done_.text += binding_yaml(converted.ns, converted.name, converted.wish);
  }

  void say_needs_of_role(const Converted& converted) {
    say(fmt::format(
        "  roleARN needs a SecretAccessPolicy that lists the role and {} for {}, "
        "tenancy audit or enforce, and the role's trust in that of EDSM",
        converted.wish.path, converted.ns.empty() ? "its namespace" : "namespace " + converted.ns));
  }

  /// What else there is of External Secrets.
  void strangers() {
    for (const auto& [kind, object] : manifests_.all()) {
      const auto group = base::string_at(*object, "apiVersion");
      const bool theirs = group.starts_with("external-secrets.io/") ||
                          group.starts_with("generators.external-secrets.io/");
      const bool known =
          kind == "ExternalSecret" || kind == "SecretStore" || kind == "ClusterSecretStore";
      if (!theirs || known) continue;
      const auto name = base::string_at(*object, "metadata.name");
      say(fmt::format("{} {} is not carried over:", kind, full_name(ns_of(*object), name)));
      say_lost({"EDSM has nothing of the kind"});
    }
  }

  void workload(const Reloaded& reloaded) {
    if (reloaded.secrets.empty() && reloaded.lost.empty()) return;
    say(fmt::format("{} {}:", reloaded.kind, full_name(reloaded.ns, reloaded.name)));
    say_lost(reloaded.lost);
    if (reloaded.secrets.empty()) return;
    ++done_.workloads;
    std::string words = fmt::format("  kubectl annotate --overwrite {} {}{}", reloaded.kind,
                                    reloaded.name, in_namespace(reloaded.ns));
    words += fmt::format(" eventdrivensecretsmanaged='{}'", workload_annotation(reloaded.secrets));
    for (const auto& each : reloaded.removed) words += fmt::format(" {}-", each);
    say(words);
    if (reloaded.removed.empty()) {
      say("  Reloader's annotations stay, for what is lost: it restarts the workload, too");
    }
  }

  const Manifests& manifests_;
  std::string_view default_ns_;
  ReloadableSecrets reloadable_;
  std::map<base::ObjectKey, std::string> writers_;  ///< target -> EventDrivenSecret
  Migration done_;
};

}  // namespace

Migration migrate(const Manifests& manifests, std::string_view default_ns, bool secrets_known) {
  return Writer(manifests, default_ns, secrets_known).write();
}

}  // namespace edsm::cli
