#include "sim/cluster/housekeeping.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>

namespace edsm::sim {
namespace {

constexpr std::string_view kCollector =
    "system:serviceaccount:kube-system:generic-garbage-collector";
constexpr base::Duration kEventLife = std::chrono::hours(1);

const boost::json::array* owners_of(const Stored& object) {
  const auto* const owners = list_of(metadata_of(object.object()), "ownerReferences");
  return owners == nullptr || owners->empty() ? nullptr : owners;
}

bool names(const boost::json::array& owners, std::string_view uid) {
  return std::ranges::any_of(owners, [&](const Value& owner) {
    return owner.is_object() && text_of(owner.get_object(), "uid") == uid;
  });
}

Who collector(const Stored& object, std::string_view user) {
  Who who;
  who.manager = user;
  who.access.user = user;
  who.access.verb = "delete";
  who.access.group = object.kind().resource.group;
  who.access.resource = object.kind().resource.plural;
  who.access.ns = object.ns();
  who.access.name = object.name();
  return who;
}

}  // namespace

void Housekeeping::noticed(const Change& change) {
  if (change.after != nullptr) {
    if (owners_of(*change.after) != nullptr && !has_owner(*change.after)) look_after(*change.after);
    if (change.after->kind().index == kind_of(kube::kEvents).index) {
      timeline_.after(kEventLife, [weak = weak_from_this(), uid = std::string(change.after->uid()),
                                   revision = change.revision] {
        if (const auto self = weak.lock()) self->expire(uid, revision);
      });
    }
    return;
  }
  for (const Kind& kind : kinds()) {
    for (const auto& [key, object] : store_.all(kind)) {
      const auto* const owners = owners_of(*object);
      if (owners != nullptr && names(*owners, change.before->uid())) look_after(*object);
    }
  }
}

/// The collector is told by watches too, and takes its time.
void Housekeeping::look_after(const Stored& dependent) {
  const auto delay = std::chrono::milliseconds(20 + timeline_.random() % 500);
  timeline_.after(delay, [weak = weak_from_this(), &kind = dependent.kind(),
                          uid = std::string(dependent.uid())] {
    if (const auto self = weak.lock()) self->collect(kind, uid);
  });
}

bool Housekeeping::has_owner(const Stored& dependent) const {
  return std::ranges::any_of(*owners_of(dependent), [&](const Value& owner) {
    if (!owner.is_object()) return false;
    const StoredPtr found = store_.find(text_of(owner.get_object(), "uid"));
    return found != nullptr && found->ns() == dependent.ns();
  });
}

void Housekeeping::collect(const Kind& kind, const std::string& uid) {
  const StoredPtr object = store_.find(uid);
  if (object == nullptr || owners_of(*object) == nullptr) return;
  if (!has_owner(*object)) {
    (void)writer_.remove(kind, uid, {}, collector(*object, kCollector));
    return;
  }
  // One owner lives: only the references to the others go.
  Who who = collector(*object, kCollector);
  who.access.verb = "patch";
  (void)writer_.edit(
      kind,
      [&](const Stored& current) -> Outcome<Object> {
        Object next = current.object();
        auto& owners = metadata_of(next).at("ownerReferences").get_array();
        for (auto owner = owners.begin(); owner != owners.end();) {
          const bool lives = store_.find(text_of(owner->get_object(), "uid")) != nullptr;
          owner = lives ? std::next(owner) : owners.erase(owner);
        }
        return next;
      },
      who);
}

/// Unless it was written since.
void Housekeeping::expire(const std::string& uid, std::uint64_t revision) {
  const StoredPtr event = store_.find(uid);
  if (event == nullptr || event->revision() != revision) return;
  (void)writer_.remove(event->kind(), uid, {}, collector(*event, "etcd"));
}

}  // namespace edsm::sim
