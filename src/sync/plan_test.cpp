#include "sync/plan.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using Action = Plan::Action;
using support::digester;

const std::string kOld = digester().digest(support::shaped({{"a", "old"}}));
const std::string kNow = digester().digest(support::shaped({{"a", "now"}}));
const std::string kForeign = digester("lost").digest(support::shaped({{"a", "now"}}));

/// A binding in perfect order; each row of a table changes what it is about.
struct World {
  World() {
    binding.key = {"ns", "b"};
    binding.uid = "binding-uid";
    binding.generation = 3;
    binding.target.name = "t";
    binding.sync_request = "monday";
    target.key = {"ns", "t"};
    target.uid = "target-uid";
    target.resource_version = "100";
    target.owner_uid = "binding-uid";
    target.owner_kind = "EventDrivenSecret";
    target.owner_name = "b";
    target.labelled = true;
    target.version = "v1";
    target.digest = kNow;
    target.source = "aws/r/p";
    target.binding = "b";
    applied = {3, kNow, "v1", "100", "monday", ""};
    actual = kNow;
  }

  /// Somebody wrote the target, and it was read.
  void look() {
    applied.resource_version = "99";
    inspected = true;
  }

  Plan decide() {
    Facts facts(binding, with);
    facts.source_id = "aws/r/p";
    facts.spec_error = spec_error;
    facts.rival = rival;
    facts.looked = inspected || looked;
    Inspection inspection;
    if (inspected && !gone) {
      inspection.target = target;
      inspection.type = type;
      inspection.actual_digest = actual;
      inspection.last_writer = writer;
      inspection.labels = labels;
      inspection.annotations = annotations;
      facts.inspection = &inspection;
    }
    facts.target = gone ? nullptr : &target;
    facts.applied = applied;
    facts.wishes = wishes;
    return plan(facts);
  }

  Digester with = digester();
  Binding binding;
  Target target;
  Applied applied;
  Wishes wishes;
  std::optional<base::Error> spec_error;
  std::optional<base::ObjectKey> rival;
  bool gone = false;
  bool looked = false;
  bool inspected = false;
  std::string type = "Opaque";
  std::string actual;
  std::string writer = "kubectl-edit";
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

struct Row {
  std::string_view what;
  std::function<void(World&)> change;
  Action action;
  std::string_view reason;
  bool drift = false;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    World world;
    row.change(world);
    const auto decided = world.decide();
    EXPECT_EQ(decided.action, row.action) << row.what << ": " << decided.reason;
    EXPECT_EQ(decided.reason, row.reason) << row.what;
    EXPECT_EQ(decided.drift, row.drift) << row.what;
  }
}

TEST(Plan, WhatCannotGoOn) {
  const base::Error bad{base::Failure::invalid, "MissingRegion", "spec.cloudProviderOptions.region",
                        std::nullopt};
  check({
      {"being deleted", [](World& w) { w.binding.deleting = true; }, Action::forget, "Deleting"},
      {"spec invalid", [&](World& w) { w.spec_error = bad; }, Action::stop, "MissingRegion"},
      {"an older binding of the target", [](World& w) { w.rival = {"ns", "a"}; }, Action::stop,
       "TargetConflict"},
      {"owned by something else",
       [](World& w) {
         w.target.owner_uid = "x";
         w.target.owner_kind = "Certificate";
       },
       Action::stop, "TargetNotOurs"},
      {"owned by something else, although labelled and ours by annotation",
       [](World& w) {
         w.target.owner_uid = "x";
         w.target.owner_kind = "Certificate";
         w.look();
       },
       Action::stop, "TargetNotOurs"},
      {"no label, no mark",
       [](World& w) {
         w.target.labelled = false;
         w.target.owner_uid = "";
         w.target.binding = "other";
         w.look();
       },
       Action::stop, "TargetNotOurs"},
      {"other type",
       [](World& w) {
         w.type = "kubernetes.io/tls";
         w.look();
       },
       Action::stop, "TargetTypeMismatch"},
  });
}

TEST(Plan, TheFirstCheckThatAppliesWins) {
  World world;
  world.type = "kubernetes.io/tls";
  world.actual = kOld;
  world.look();
  world.wishes.fetch = true;
  EXPECT_EQ(world.decide().reason, "TargetTypeMismatch") << "before drift and wishes";
  world.target.owner_uid = "x";
  world.target.owner_kind = "Certificate";
  EXPECT_EQ(world.decide().reason, "TargetNotOurs");
  world.gone = true;
  EXPECT_EQ(world.decide().reason, "TargetMissing");
  world.applied.generation = 2;
  EXPECT_FALSE(world.decide().drift) << "what is gone belonged to another spec";
  world.inspected = false;
  EXPECT_EQ(world.decide().reason, "TargetNotSeen");
  world.rival = {"ns", "a"};
  EXPECT_EQ(world.decide().reason, "TargetConflict");
  world.spec_error = base::Error{base::Failure::invalid, "UnknownProvider", "", std::nullopt};
  EXPECT_EQ(world.decide().reason, "UnknownProvider");
  world.binding.deleting = true;
  EXPECT_EQ(world.decide().reason, "Deleting");
}

TEST(Plan, MessagesNameTheObjectAndTheRemedy) {
  World world;
  world.rival = {"ns", "elder"};
  EXPECT_NE(world.decide().message.find("ns/elder"), std::string::npos);
  EXPECT_NE(world.decide().message.find("ns/t"), std::string::npos);
  World owned;
  owned.target.owner_uid = "x";
  owned.target.owner_kind = "Certificate";
  owned.target.owner_name = "web";
  EXPECT_NE(owned.decide().message.find("Certificate web"), std::string::npos);
  World drifted;
  drifted.actual = kOld;
  drifted.look();
  EXPECT_NE(drifted.decide().message.find("\"kubectl-edit\""), std::string::npos);
  drifted.writer = "";
  EXPECT_NE(drifted.decide().message.find("nobody"), std::string::npos);
}

TEST(Plan, ForeignOrNot) {
  const auto unlabelled = [](World& w) {
    w.target.labelled = false;
    w.look();
  };
  check({
      {"label only: adopted",
       [](World& w) {
         w.target.owner_uid = "";
         w.target.binding = "";
         w.target.digest = "";
         w.applied = {};
         w.inspected = true;
       },
       Action::fetch, "UnknownDigest"},
      {"ours by owner, label gone",
       [&](World& w) {
         unlabelled(w);
         w.target.binding = "";
       },
       Action::fetch, "Drift", true},
      {"ours by annotation, label gone",
       [&](World& w) {
         unlabelled(w);
         w.target.owner_uid = "";
       },
       Action::fetch, "Drift", true},
      {"owned by a binding that left it, or lost it to this one: taken over",
       [](World& w) {
         w.target.owner_uid = "of another binding";
         w.applied = {};
         w.inspected = true;
       },
       Action::fetch, "SpecChanged"},
      {"the same, and its label was taken meanwhile",
       [&](World& w) {
         unlabelled(w);
         w.target.owner_uid = "of another binding";
         w.target.binding = "another";
         w.applied = {};
       },
       Action::fetch, "Drift", true},
      {"merge into a Secret without any mark",
       [&](World& w) {
         unlabelled(w);
         w.target.owner_uid = "";
         w.target.binding = "";
         w.target.digest = "";
         w.applied = {};
         w.binding.target.creation = CreationPolicy::merge;
       },
       Action::fetch, "UnknownDigest"},
  });
}

TEST(Plan, WhatMustBeLookedAt) {
  check({
      {"not in the cache", [](World& w) { w.gone = true; }, Action::inspect, "TargetNotSeen"},
      {"another resourceVersion than ours", [](World& w) { w.applied.resource_version = "99"; },
       Action::inspect, "TargetTouched"},
      {"nothing applied in this life", [](World& w) { w.applied = {}; }, Action::inspect,
       "TargetTouched"},
      {"spec changed", [](World& w) { w.binding.generation = 4; }, Action::inspect,
       "TargetTouched"},
      {"digest of a lost key", [](World& w) { w.target.digest = w.applied.hash = kForeign; },
       Action::inspect, "TargetTouched"},
      {"touched and a hint",
       [](World& w) {
         w.applied.resource_version = "99";
         w.wishes.hint(Hinted{"v2"});
       },
       Action::inspect, "TargetTouched"},
  });
}

TEST(Plan, Missing) {
  check({
      {"never written",
       [](World& w) {
         w.gone = w.looked = true;
         w.applied = {};
       },
       Action::fetch, "TargetMissing"},
      {"deleted by somebody", [](World& w) { w.gone = w.looked = true; }, Action::fetch,
       "TargetMissing", true},
  });
}

TEST(Plan, Drift) {
  const auto looked = [](auto change) {
    return [change](World& w) {
      change(w);
      w.look();
    };
  };
  check({
      {"data edited", looked([](World& w) { w.actual = kOld; }), Action::fetch, "Drift", true},
      {"data and digest edited together with a digest of ours",
       looked([](World& w) { w.actual = w.target.digest = kOld; }), Action::fetch, "Unverified"},
      {"annotations removed", looked([](World& w) { w.target.digest = ""; }), Action::fetch,
       "Drift", true},
      {"label removed", looked([](World& w) { w.target.labelled = false; }), Action::fetch, "Drift",
       true},
      {"owner removed", looked([](World& w) { w.target.owner_uid = ""; }), Action::fetch, "Drift",
       true},
      {"no owner wanted", looked([](World& w) {
         w.target.owner_uid = "";
         w.binding.target.creation = CreationPolicy::orphan;
       }),
       Action::settle, "Synced"},
      {"wished label changed", looked([](World& w) {
         w.binding.target.labels = StringMap{{"team", "a"}};
         w.labels = {{"team", "b"}};
       }),
       Action::fetch, "Drift", true},
      {"wished annotation removed",
       looked([](World& w) { w.binding.target.annotations = StringMap{{"n", "1"}}; }),
       Action::fetch, "Drift", true},
      {"wished label new in the spec", looked([](World& w) {
         w.binding.target.labels = StringMap{{"team", "a"}};
         w.binding.generation = 4;
       }),
       Action::fetch, "SpecChanged"},
      {"a foreign label added", looked([](World& w) { w.labels = {{"foreign", "1"}}; }),
       Action::settle, "Synced"},
      {"digest of a lost key, data edited", looked([](World& w) {
         w.target.digest = kForeign;
         w.actual = kOld;
       }),
       Action::fetch, "UnknownDigest"},
      {"digest of a lost key, status too",
       looked([](World& w) { w.target.digest = w.applied.hash = kForeign; }), Action::fetch,
       "UnknownDigest"},
      {"only the status' digest is of a lost key",
       looked([](World& w) { w.applied.hash = kForeign; }), Action::settle, "Synced"},
      {"touched without a difference", looked([](World&) {}), Action::settle, "Synced"},
  });
}

TEST(Plan, WhyTheValueIsRead) {
  const auto looked = [](auto change) {
    return [change](World& w) {
      change(w);
      w.look();
    };
  };
  check({
      {"new generation", looked([](World& w) { w.binding.generation = 4; }), Action::fetch,
       "SpecChanged"},
      {"last result was a failure", looked([](World& w) { w.applied.generation = -1; }),
       Action::fetch, "SpecChanged"},
      {"written from another source", [](World& w) { w.target.source = "aws/r/q"; }, Action::fetch,
       "SourceChanged"},
      {"sync asked for", [](World& w) { w.binding.sync_request = "tuesday"; }, Action::fetch,
       "SyncRequested"},
      {"sync request withdrawn", [](World& w) { w.binding.sync_request = ""; }, Action::fetch,
       "SyncRequested"},
      {"retry, or a hint without a version", [](World& w) { w.wishes.fetch = true; }, Action::fetch,
       "Retry"},
      {"another is hinted", [](World& w) { w.wishes.hint(Hinted{"v2"}); }, Action::fetch, "Event"},
      {"an older is hinted: a rollback", [](World& w) { w.wishes.hint(Hinted{"v0"}); },
       Action::fetch, "Event"},
      {"another is swept", [](World& w) { w.wishes.swept_version = "v2"; }, Action::fetch, "Sweep"},
  });
}

TEST(Plan, NothingToDo) {
  check({
      {"in order: a restart reads nothing", [](World&) {}, Action::settle, "Synced"},
      {"the applied is hinted", [](World& w) { w.wishes.hint(Hinted{"v1"}); }, Action::settle,
       "Synced"},
      {"the applied is swept", [](World& w) { w.wishes.swept_version = "v1"; }, Action::settle,
       "Synced"},
  });
}

TEST(Plan, ACrashBetweenWriteAndStatusCostsOneReadAndNoWrite) {
  // The status still tells of the value before; the target was written and never read since.
  World world;
  world.applied = {3, kOld, "v0", "99", "monday", ""};
  EXPECT_EQ(world.decide().action, Action::inspect);
  world.inspected = true;
  const auto decided = world.decide();
  EXPECT_EQ(decided.action, Action::fetch);
  EXPECT_EQ(decided.reason, "Unverified");
  EXPECT_FALSE(decided.drift) << "it is no fight with anybody";
}

TEST(Plan, AppliedIsSeededFromTheStatusOnlyWhereItSaysSynced) {
  BindingStatus status;
  EXPECT_EQ(applied_from(status).generation, -1);
  status.observed_generation = 5;
  status.applied_hash = kNow;
  status.synced_version = "v1";
  status.target_resource_version = "7";
  status.handled_sync_request = "monday";
  status.last_changed_time = "sunday";
  for (const auto* const said : {"False", "Unknown", ""}) {
    status.conditions = {{"Ready", "True", "", "", "", 5}, {"Synced", said, "", "", "", 5}};
    EXPECT_EQ(applied_from(status).generation, -1) << said;
  }
  status.conditions = {{"Synced", "True", "Synced", "", "", 5}};
  const auto applied = applied_from(status);
  EXPECT_EQ(applied.generation, 5);
  EXPECT_EQ(applied.hash, kNow);
  EXPECT_EQ(applied.version, "v1");
  EXPECT_EQ(applied.resource_version, "7");
  EXPECT_EQ(applied.sync_request, "monday");
  EXPECT_EQ(applied.changed_at, "sunday");
}

}  // namespace
}  // namespace edsm::sync
