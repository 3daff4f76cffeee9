#include "cli/commands/doctor_hearing.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/table.hpp"
#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::Field;
using cloud::gcp::Passes;
using cloud::gcp::SecretName;
using cloud::gcp::Sink;
using Level = Finding::Level;

/// Of the secrets with one kind of trouble, so many are named.
constexpr std::size_t kNamed = 3;
constexpr std::string_view kNewVersion = "AddSecretVersion";
/// What else changes which value a binding gets.
constexpr auto kOtherChanges = std::to_array<std::string_view>(
    {"CreateSecret", "UpdateSecret", "DeleteSecret", "EnableSecretVersion", "DisableSecretVersion",
     "DestroySecretVersion"});
constexpr auto kOtherEvents = std::to_array<std::string_view>(
    {"SECRET_CREATE", "SECRET_UPDATE", "SECRET_DELETE", "SECRET_VERSION_ENABLE",
     "SECRET_VERSION_DISABLE", "SECRET_VERSION_DESTROY"});
constexpr std::string_view kFilter =
    R"(protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.methodName=~)"
    R"("\.(CreateSecret|UpdateSecret|DeleteSecret|AddSecretVersion|EnableSecretVersion|)"
    R"(DisableSecretVersion|DestroySecretVersion)$")";

// -- filters of subscriptions ------------------------------------------------------------

/// Of a notification.
Passes lets_through(const std::string& filter, std::string_view event, const BoundSecret& secret) {
  auto numbered = secret.name;
  if (secret.told) numbered.project = secret.told->number;
  const bool named = secret.told && !secret.told->number.empty();
  return cloud::gcp::passes(filter, [&](std::string_view path) -> Field {
    if (path == "attributes.eventType") return {Field::Kind::text, std::string(event)};
    if (path == "attributes.dataFormat") return {Field::Kind::text, "JSON_API_V1"};
    if (path == "attributes.secretId" && named) return {Field::Kind::text, numbered.resource()};
    const bool of_version = event.starts_with("SECRET_VERSION");
    const bool there = path == "attributes.secretId" || path == "attributes.timestamp" ||
                       (of_version && path == "attributes.versionId");
    return {there ? Field::Kind::unclear : Field::Kind::absent, {}};
  });
}

/// Of an entry of the audit log that a sink sends.
Passes lets_entries_through(const std::string& filter) {
  return cloud::gcp::passes(filter, [](std::string_view path) -> Field {
    const bool there = path == "attributes.logging.googleapis.com/timestamp";
    return {there ? Field::Kind::unclear : Field::Kind::absent, {}};
  });
}

Passes both(Passes a, Passes b) {
  if (a == Passes::no || b == Passes::no) return Passes::no;
  return a == Passes::yes ? b : a;
}
Passes better(Passes a, Passes b) {
  if (a == Passes::yes || b == Passes::yes) return Passes::yes;
  return a == Passes::unclear ? a : b;
}

// -- one secret --------------------------------------------------------------------------

struct Heard {
  Passes by_topic = Passes::no;
  Passes by_sink = Passes::no;
  const Listener* deaf = nullptr;  ///< gets its messages, and drops them by its filter
};

bool names(const Hearing& hearing, const BoundSecret& secret, std::string_view topic) {
  return secret.told && std::ranges::any_of(secret.told->topics, [&](const std::string& each) {
           return hearing.same_topic(each, topic);
         });
}

Heard hear(const Hearing& hearing, const BoundSecret& secret) {
  Heard heard;
  const auto sinks = hearing.sinks.find(secret.name.project);
  for (const auto& listener : hearing.listeners) {
    if (!listener.facts) continue;
    const auto& facts = *listener.facts;
    if (names(hearing, secret, facts.topic)) {
      const auto passes = lets_through(facts.filter, "SECRET_VERSION_ADD", secret);
      heard.by_topic = better(heard.by_topic, passes);
      if (passes == Passes::no) heard.deaf = &listener;
    }
    if (sinks == hearing.sinks.end()) continue;
    for (const auto& sink : sinks->second) {
      if (!hearing.same_topic(sink.topic(), facts.topic)) continue;
      const auto number = secret.told ? secret.told->number : std::string();
      const auto sent = cloud::gcp::sends(sink, kNewVersion, secret.name, number);
      heard.by_sink = better(heard.by_sink, both(sent, lets_entries_through(facts.filter)));
    }
  }
  return heard;
}

std::string topic_command(const Hearing& hearing, const SecretName& name) {
  std::string_view topic = "TOPIC";
  for (const auto& listener : hearing.listeners) {
    if (!listener.facts || listener.facts->topic == cloud::gcp::deleted_topic) continue;
    topic = listener.facts->topic;
    break;
  }
  const auto region =
      name.location == cloud::gcp::global ? std::string() : " --location=" + name.location;
  return fmt::format("gcloud secrets update {} --project={}{} --add-topics={}", name.secret,
                     name.project, region, topic);
}

/// Nothing tells of it, as far as could be seen.
Finding judge_deaf(const Hearing& hearing, const BoundSecret& secret, const Heard& heard) {
  const auto name = secret.name.resource();
  if (heard.deaf != nullptr) {
    return {Level::failure, "topics",
            fmt::format("{}: the filter of {} drops what its topic sends of it: {}", name,
                        shown(heard.deaf->subscription), heard.deaf->facts->filter),
            "a filter cannot be changed: make the subscription again without it"};
  }
  auto why = std::string("it names no topic");
  auto topics = secret.told->topics;
  const auto named = fmt::format("{}", fmt::join(topics, ", "));
  if (!named.empty() && !hearing.knows_listeners()) {
    return {
        Level::unknown, "topics",
        fmt::format("{}: it names {}; whether that is listened to could not be seen", name, named),
        "grant pubsub.subscriptions.get on the subscriptions (roles/pubsub.viewer)"};
  }
  if (!named.empty()) why = "it names no topic that is listened to, only " + named;
  const bool sinks_seen = hearing.sinks.contains(secret.name.project);
  const bool sure = sinks_seen && hearing.knows_listeners();
  return {sure ? Level::failure : Level::warning, "topics",
          fmt::format("{}: nothing tells of its changes: {}{}", name, why,
                      sinks_seen ? ", and no log sink sends them" : ""),
          topic_command(hearing, secret.name)};
}

}  // namespace

bool Hearing::same_topic(std::string_view a, std::string_view b) const {
  if (a.empty() || b.empty()) return false;
  if (a == b) return true;
  const auto left = cloud::split(a, '/');
  const auto right = cloud::split(b, '/');
  return left.size() == 4 && right.size() == 4 && left[2] == "topics" && right[2] == "topics" &&
         left[3] == right[3] && projects.same(left[1], right[1]);
}

bool Hearing::listens_to(std::string_view topic) const {
  return std::ranges::any_of(listeners, [&](const Listener& each) {
    return each.facts && same_topic(each.facts->topic, topic);
  });
}

bool Hearing::knows_listeners() const {
  return std::ranges::all_of(listeners,
                             [](const Listener& each) { return each.facts.has_value(); });
}

Findings judge_secrets(const Hearing& hearing) {
  Findings findings;
  Findings deaf;
  std::size_t by_topic = 0;
  std::size_t by_sink = 0;
  std::size_t unclear = 0;
  for (const auto& secret : hearing.secrets) {
    const auto heard = hear(hearing, secret);
    if (heard.by_topic == Passes::yes) {
      ++by_topic;
    } else if (heard.by_sink == Passes::yes) {
      ++by_sink;
    } else if (better(heard.by_topic, heard.by_sink) == Passes::unclear) {
      ++unclear;
    } else if (secret.told) {
      deaf.push_back(judge_deaf(hearing, secret, heard));
    }
  }
  if (by_topic > 0) {
    say(findings, Level::good, "topics",
        fmt::format("{} of {} secrets name a topic that is listened to", by_topic,
                    hearing.secrets.size()),
        "");
  }
  if (by_sink > 0) {
    say(findings, Level::good, "topics",
        fmt::format("a log sink tells of the changes of {}", counted(by_sink, "secret")), "");
  }
  if (unclear > 0) {
    say(findings, Level::unknown, "topics",
        fmt::format("whether changes of {} are told depends on a filter that this "
                    "command cannot read",
                    counted(unclear, "secret")),
        "add a version to one, and see whether EDSM logs \"event received\"");
  }
  const auto rest = deaf.size() > kNamed ? deaf.size() - kNamed : 0;
  if (rest > 0) {
    deaf.resize(kNamed);
    say(deaf, deaf.back().level, "topics",
        fmt::format("and {} more secrets of which nothing tells", rest),
        "the same command for each of them, or a log sink for the project "
        "(docs/gcp.md)");
  }
  append(findings, std::move(deaf));
  return findings;
}

namespace {

/// Which of these the filters of all subscriptions that get a secret's notifications drop.
void judge_filters(const Hearing& hearing, Findings& findings) {
  for (const auto& listener : hearing.listeners) {
    if (!listener.facts || listener.facts->filter.empty()) continue;
    std::vector<std::string> dropped;
    for (const auto& secret : hearing.secrets) {
      if (!names(hearing, secret, listener.facts->topic)) continue;
      for (const auto event : kOtherEvents) {
        if (lets_through(listener.facts->filter, event, secret) == Passes::no)
          dropped.emplace_back(event);
      }
      break;
    }
    if (dropped.empty()) continue;
    say(findings, Level::notice, "topics",
        fmt::format("{}: its filter drops {}; the sweep finds them", shown(listener.subscription),
                    fmt::join(dropped, ", ")),
        "if that is too late: make the subscription again without a filter");
  }
}

void judge_sink(const std::string& project, const Sink& sink, const BoundSecret& secret,
                Findings& findings) {
  const auto add = [&](Level level, std::string what, std::string remedy) {
    say(findings, level, "sink", fmt::format("{}: sink {} {}", project, sink.name, what),
        std::move(remedy));
  };
  const auto update = [&](std::string_view flags) {
    return fmt::format("gcloud logging sinks update {} {} --project={} {}", sink.name,
                       sink.destination, project, flags);
  };
  if (sink.disabled) return add(Level::warning, "is disabled", update("--no-disabled"));
  const auto number = secret.told ? secret.told->number : std::string();
  const auto sent = [&](std::string_view method) {
    return cloud::gcp::sends(sink, method, secret.name, number);
  };
  const auto filter = update(fmt::format("--log-filter='{}'", kFilter));
  const auto news = sent(kNewVersion);
  if (news == Passes::unclear) {
    return add(Level::unknown, "has a filter that this command cannot read",
               "see whether new versions come by it: " + sink.filter);
  }
  if (news == Passes::no) {
    return add(Level::warning, fmt::format("sends no new versions of {}", secret.name.secret),
               filter);
  }
  if (sent("AccessSecretVersion") == Passes::yes || sent("GetSecretVersion") == Passes::yes) {
    add(Level::warning, "lets reads through: EDSM hears of its own, where reads are logged",
        filter);
  }
  std::vector<std::string> missing;
  for (const auto method : kOtherChanges) {
    if (sent(method) == Passes::no) missing.emplace_back(method);
  }
  if (missing.empty()) return add(Level::good, "sends the changes of all secrets", "");
  add(Level::notice,
      fmt::format("does not send {}; the sweep finds them", fmt::join(missing, ", ")), filter);
}

}  // namespace

Findings judge_sinks(const Hearing& hearing) {
  Findings findings;
  judge_filters(hearing, findings);
  for (const auto& [project, sinks] : hearing.sinks) {
    const auto secret = std::ranges::find_if(
        hearing.secrets, [&](const BoundSecret& each) { return each.name.project == project; });
    if (secret == hearing.secrets.end()) continue;
    for (const auto& sink : sinks) {
      if (hearing.listens_to(sink.topic())) judge_sink(project, sink, *secret, findings);
    }
  }
  return findings;
}

std::vector<Publisher> publishers_of(const Hearing& hearing, std::string_view topic) {
  std::set<Publisher> publishers;
  for (const auto& secret : hearing.secrets) {
    if (!names(hearing, secret, topic)) continue;
    const auto& number = secret.told->number;
    publishers.insert(
        {fmt::format("serviceAccount:service-{}@gcp-sa-secretmanager.iam.gserviceaccount.com",
                     number.empty() ? "*" : number),
         "Secret Manager of " + secret.name.project});
  }
  for (const auto& [project, sinks] : hearing.sinks) {
    for (const auto& sink : sinks) {
      const bool sends = hearing.same_topic(sink.topic(), topic) && !sink.writer.empty();
      if (sends) publishers.insert({sink.writer, fmt::format("sink {} of {}", sink.name, project)});
    }
  }
  return {publishers.begin(), publishers.end()};
}

}  // namespace edsm::cli
