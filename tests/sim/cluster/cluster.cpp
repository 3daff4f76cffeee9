#include "sim/cluster/cluster.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "sim/cluster/call.hpp"
#include "sim/cluster/housekeeping.hpp"
#include "sim/cluster/patch.hpp"
#include "sim/cluster/reader.hpp"
#include "sim/cluster/validation.hpp"
#include "sim/cluster/watches.hpp"
#include "sim/cluster/writer.hpp"

namespace edsm::sim {
namespace {

constexpr std::size_t kLongestManager = 128;
/// How long the server waits for a version that it has not reached.
constexpr base::Duration kPatience = std::chrono::seconds(3);

/// Server-side apply, which the simulated server does not do.
constexpr std::string_view kApply = "application/apply-patch+yaml";

/// Of a group that it does not know the server does not even speak JSON.
Reply not_served(const Call& call) {
  if (call.path == "/version") {
    return json_reply(200, R"({"major":"1","minor":"37","gitVersion":"v1.37.2"})");
  }
  const bool known = std::ranges::any_of(kinds(), [&](const Kind& kind) {
    return kind.resource.group == call.access.group && !call.access.resource.empty();
  });
  if (known) return to_reply(no_resource());
  return {404, net::Headers{{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
}

bool is_read(const Access& access) {
  return access.verb == "get" || access.verb == "list" || access.verb == "watch";
}

Outcome<Value> parse(std::string_view body) {
  boost::json::error_code error;
  Value value = boost::json::parse(body, error);
  if (error) {
    return std::unexpected(
        bad_request("the object provided is unrecognized (must be of type Object): couldn't get "
                    "version/kind; json parse error"));
  }
  return value;
}

Who actor(const Kind& kind, std::string_view verb, std::string_view ns, std::string_view name,
          std::string_view manager) {
  Who who;
  who.manager = manager;
  who.access.user = manager;
  who.access.verb = verb;
  who.access.group = kind.resource.group;
  who.access.resource = kind.resource.plural;
  who.access.ns = ns;
  who.access.name = name;
  return who;
}

Refusal long_manager(std::string_view verb) {
  const std::string_view kind = verb == "patch"    ? "PatchOptions"
                                : verb == "create" ? "CreateOptions"
                                                   : "UpdateOptions";
  return invalid(
      "meta.k8s.io", kind, fmt::format("{}.meta.k8s.io", kind), "",
      {{"FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager"}});
}

/// A real server quotes the whole object too.
Refusal undecodable_patch(std::string_view why) {
  return invalid("", "", "", "",
                 {{"FieldValueInvalid", fmt::format("Invalid value: {}", why), "patch"}});
}

Outcome<Object> patched(const Call& call, const Stored& current, Value patch) {
  Value object = current.object();
  metadata_of(object.get_object()).erase("managedFields");
  if (call.content_type == "application/merge-patch+json") {
    merge_patch(object, patch);
  } else if (call.content_type == "application/strategic-merge-patch+json") {
    if (!patch.is_object()) return std::unexpected(bad_request("a patch is a map"));
    auto merged = strategic_merge(object.get_object(), std::move(patch.get_object()));
    if (!merged) return std::unexpected(unexplained(std::move(merged.error())));
  } else {
    auto done = json_patch(object, patch);
    if (!done && done.error().code == 400) return std::unexpected(bad_request(done.error().text));
    if (!done) {
      return std::unexpected(failed_patch());
    }
  }
  if (!object.is_object()) return std::unexpected(bad_request("a patch must leave a map"));
  if (auto decoded = decode(*call.kind, object.get_object()); !decoded) {
    return std::unexpected(undecodable_patch(decoded.error().message));
  }
  return std::move(object.get_object());
}

}  // namespace

class Cluster::State : public std::enable_shared_from_this<State> {
 public:
  explicit State(Timeline& timeline_)
      : timeline(timeline_),
        store([this](const Change& change) { announce(change); }),
        writer(timeline, store, audit),
        watches(std::make_shared<Watches>(timeline, store)),
        housekeeping(std::make_shared<Housekeeping>(timeline, store, writer)) {}

  void take(const net::Request& request, ExchangePtr exchange);
  void announce(const Change& change) {
    watches->publish(change);
    housekeeping->noticed(change);
  }

  struct Token {
    std::string user;
    std::optional<base::Instant> expires;
  };

  Timeline& timeline;
  std::vector<AuditEntry> audit;
  Store store;
  Writer writer;
  std::shared_ptr<Watches> watches;
  std::shared_ptr<Housekeeping> housekeeping;
  std::map<std::string, Token, std::less<>> tokens;
  Gate gate;
  std::map<std::string, std::uint64_t> reads;

 private:
  std::optional<Reply> let_in(Call& call) const;
  void list(const std::shared_ptr<const Call>& call, ExchangePtr exchange, bool patient);
  Reply write(const Call& call);
  Outcome<Reply> create(const Call& call, const Who& who);
  Outcome<Reply> replace(const Call& call, const Who& who);
  Outcome<Reply> patch(const Call& call, const Who& who);
  Outcome<Reply> remove(const Call& call, const Who& who);
};

std::optional<Reply> Cluster::State::let_in(Call& call) const {
  if (!call.token) {
    call.access.user = "system:anonymous";
    return forbidden(call.access);
  }
  const auto token = tokens.find(*call.token);
  const bool good =
      token != tokens.end() && (!token->second.expires || timeline.now() < *token->second.expires);
  if (!good) return to_reply(unauthorized());
  call.access.user = token->second.user;
  return gate ? gate(call.access) : std::nullopt;
}

void Cluster::State::take(const net::Request& request, ExchangePtr exchange) {
  Call call = read_call(request);
  if (auto refusal = let_in(call)) {
    if (!is_read(call.access)) writer.refused({call.access, call.manager}, refusal->status);
    return exchange->answer(std::move(*refusal));
  }
  if (call.kind == nullptr) return exchange->answer(not_served(call));
  if (!is_read(call.access)) return exchange->answer(write(call));
  ++reads[call.access.verb + " " + call.access.resource];
  if (call.access.verb == "watch") return watches->open(call, std::move(exchange));
  if (call.access.verb == "list") {
    call.body = {};
    call.token.reset();
    return list(std::make_shared<const Call>(std::move(call)), std::move(exchange), true);
  }
  const auto found = get_object(store, call);
  exchange->answer(found ? json_reply(200, *found) : to_reply(found.error()));
}

void Cluster::State::list(const std::shared_ptr<const Call>& call, ExchangePtr exchange,
                          bool patient) {
  auto listed = list_objects(store, *call);
  if (listed && is_consistent(*call)) watches->read_up(*call->kind);
  if (listed || listed.error().code != 504 || !patient) {
    return exchange->answer(listed ? json_reply(200, std::move(*listed))
                                   : to_reply(listed.error()));
  }
  timeline.after(kPatience, [weak = weak_from_this(), call, exchange = std::move(exchange)] {
    if (const auto self = weak.lock()) self->list(call, exchange, false);
  });
}

Reply Cluster::State::write(const Call& call) {
  const Who who{call.access, call.manager};
  if (call.access.ns.empty() || call.access.name.empty() != (call.access.verb == "create")) {
    return to_reply(method_not_allowed());
  }
  if (call.manager.size() > kLongestManager) return to_reply(long_manager(call.access.verb));
  Outcome<Reply> reply = std::unexpected(method_not_allowed());
  if (call.access.verb == "create") {
    reply = create(call, who);
  } else if (call.access.verb == "update") {
    reply = replace(call, who);
  } else if (call.access.verb == "patch") {
    reply = patch(call, who);
  } else {
    reply = remove(call, who);
  }
  return reply ? std::move(*reply) : to_reply(reply.error());
}

Outcome<Reply> Cluster::State::create(const Call& call, const Who& who) {
  auto body = parse(call.body);
  if (!body) return std::unexpected(std::move(body.error()));
  if (!body->is_object()) return std::unexpected(bad_request("the body is no map"));
  auto made = writer.create(*call.kind, std::move(body->get_object()), who);
  if (!made) return std::unexpected(std::move(made.error()));
  return json_reply(201, view_of(call, **made));
}

Outcome<Reply> Cluster::State::replace(const Call& call, const Who& who) {
  auto body = parse(call.body);
  if (!body) return std::unexpected(std::move(body.error()));
  if (!body->is_object()) return std::unexpected(bad_request("the body is no map"));
  bool made = false;
  auto written = writer.replace(*call.kind, std::move(body->get_object()), who, made);
  if (!written) return std::unexpected(std::move(written.error()));
  return json_reply(made ? 201 : 200, view_of(call, **written));
}

Outcome<Reply> Cluster::State::patch(const Call& call, const Who& who) {
  const bool strategic = call.content_type == "application/strategic-merge-patch+json";
  const bool supported = call.content_type == "application/merge-patch+json" ||
                         call.content_type == "application/json-patch+json" ||
                         (strategic && !call.kind->custom);
  if (!supported) {
    return std::unexpected(unsupported_patch(strategic || call.content_type == kApply));
  }
  const auto edit = [&](const Stored& current) -> Outcome<Object> {
    auto body = parse(call.body);
    if (!body) return std::unexpected(std::move(body.error()));
    return patched(call, current, std::move(*body));
  };
  auto written = writer.edit(*call.kind, edit, who);
  if (!written) return std::unexpected(std::move(written.error()));
  return json_reply(200, view_of(call, **written));
}

Outcome<Reply> Cluster::State::remove(const Call& call, const Who& who) {
  std::string uid;
  std::string version;
  if (!call.body.empty()) {
    auto body = parse(call.body);
    if (!body) return std::unexpected(std::move(body.error()));
    const Object* const options = body->if_object();
    const Object* const wanted = options == nullptr ? nullptr : map_of(*options, "preconditions");
    if (wanted != nullptr) {
      uid = text_of(*wanted, "uid");
      version = text_of(*wanted, "resourceVersion");
    }
  }
  const auto removed = writer.remove(*call.kind, uid, version, who);
  if (!removed) return std::unexpected(removed.error());
  const Stored& object = **removed;
  if (metadata_of(object.object()).contains("deletionTimestamp")) {
    return json_reply(200, view_of(call, object));
  }
  return json_reply(200, success_json(*call.kind, object.name(), object.uid()));
}

Cluster::Cluster(Timeline& timeline) : state_(std::make_shared<State>(timeline)) {}
Cluster::~Cluster() = default;

void Cluster::take(const net::Request& request, ExchangePtr exchange) {
  state_->take(request, std::move(exchange));
}

const Stored& Cluster::create(const kube::Resource& resource, Object object,
                              std::string_view manager) {
  const Kind& kind = kind_of(resource);
  const std::string ns(text_of(metadata_of(object), "namespace"));
  const auto made =
      state_->writer.create(kind, std::move(object), actor(kind, "create", ns, {}, manager));
  if (!made) throw std::invalid_argument(made.error().message);
  return **made;
}

bool Cluster::edit(const kube::Resource& resource, std::string_view ns, std::string_view name,
                   const std::function<void(Object&)>& change, std::string_view manager,
                   std::string_view subresource) {
  const Kind& kind = kind_of(resource);
  Who who = actor(kind, "update", ns, name, manager);
  who.access.subresource = subresource;
  const auto edited = state_->writer.edit(
      kind,
      [&](const Stored& current) -> Outcome<Object> {
        Object object = current.object();
        change(object);
        return object;
      },
      who);
  if (!edited && edited.error().code != 404) throw std::invalid_argument(edited.error().message);
  return edited.has_value();
}

bool Cluster::remove(const kube::Resource& resource, std::string_view ns, std::string_view name,
                     std::string_view manager) {
  const Kind& kind = kind_of(resource);
  return state_->writer.remove(kind, {}, {}, actor(kind, "delete", ns, name, manager)).has_value();
}

StoredPtr Cluster::find(const kube::Resource& resource, std::string_view ns,
                        std::string_view name) const {
  return state_->store.find(kind_of(resource), key_of(ns, name));
}

std::vector<StoredPtr> Cluster::all(const kube::Resource& resource) const {
  std::vector<StoredPtr> list;
  for (const auto& [key, object] : state_->store.all(kind_of(resource))) list.push_back(object);
  return list;
}

std::uint64_t Cluster::revision() const {
  return state_->store.revision();
}

void Cluster::add_token(std::string token, std::string user, std::optional<base::Instant> expires) {
  state_->tokens[std::move(token)] = {std::move(user), expires};
}

void Cluster::revoke_token(std::string_view token) {
  const auto found = state_->tokens.find(token);
  if (found != state_->tokens.end()) state_->tokens.erase(found);
}

void Cluster::gate(Gate gate) {
  state_->gate = std::move(gate);
}

void Cluster::compact() {
  state_->store.compact();
}

void Cluster::close_watches() {
  state_->watches->close_all();
}

std::size_t Cluster::open_watches() const {
  return state_->watches->count();
}

const std::vector<AuditEntry>& Cluster::audit() const {
  return state_->audit;
}

std::vector<const AuditEntry*> Cluster::rollouts(const kube::Resource& resource,
                                                 std::string_view ns, std::string_view name) const {
  std::vector<const AuditEntry*> found;
  for (const AuditEntry& entry : state_->audit) {
    const bool same = entry.access.resource == resource.plural &&
                      entry.access.group == resource.group && entry.access.ns == ns &&
                      entry.access.name == name;
    if (same && entry.rollout) found.push_back(&entry);
  }
  return found;
}

const std::map<std::string, std::uint64_t>& Cluster::reads() const {
  return state_->reads;
}

}  // namespace edsm::sim
