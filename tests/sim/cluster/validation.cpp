#include "sim/cluster/validation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim {
namespace {

constexpr std::size_t kMaxSecret = std::size_t{1} << 20U;
constexpr std::size_t kMaxKey = 253;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void check_data_key(std::string_view key, std::vector<Cause>& causes) {
  const std::string field = fmt::format("data[{}]", key);
  const auto add = [&](std::string_view why) { causes.push_back(invalid_text(field, key, why)); };
  if (key.size() > kMaxKey) add("must be no more than 253 characters");
  const bool good = !key.empty() && std::ranges::all_of(key, [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
  if (!good) {
    add("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
        "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
        "'[-._a-zA-Z0-9]+')");
  }
  if (key == ".") add("must not be '.'");
  if (key == "..") {
    add("must not be '..'");
  } else if (key.starts_with("..")) {
    add("must not start with '..'");
  }
}

void check_secret(const Object& secret, const Object* before, std::vector<Cause>& causes) {
  static const Object nothing;
  const Object* data = map_of(secret, "data");
  if (data == nullptr) data = &nothing;
  std::size_t size = 0;
  for (const auto& [key, value] : *data) {
    check_data_key(key, causes);
    const std::string_view text = value.get_string();
    size += text.size() / 4 * 3 - (text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0);
  }
  if (size > kMaxSecret) {
    causes.push_back({"FieldValueTooLong",
                      fmt::format("Too long: may not be more than {} bytes", kMaxSecret), "data"});
  }
  const std::string_view type = text_of(secret, "type");
  const auto demand = [&](std::string_view key) {
    if (!data->contains(key)) causes.push_back(required(fmt::format("data[{}]", key)));
  };
  if (type == "kubernetes.io/tls") {
    demand("tls.crt");
    demand("tls.key");
  } else if (type == "kubernetes.io/ssh-auth") {
    demand("ssh-privatekey");
  } else if (type == "kubernetes.io/dockerconfigjson") {
    demand(".dockerconfigjson");
  } else if (type == "kubernetes.io/dockercfg") {
    demand(".dockercfg");
  } else if (type == "kubernetes.io/basic-auth") {
    if (!data->contains("username") && !data->contains("password")) {
      demand("username");
      demand("password");
    }
  }
  if (before == nullptr) return;
  if (text_of(*before, "type") != type) {
    causes.push_back(invalid_text("type", type, "field is immutable"));
  }
  const Value* const locked = before->if_contains("immutable");
  if (locked != nullptr && locked->is_bool() && locked->get_bool()) {
    const auto forbid = [&](std::string_view field, std::string_view why) {
      causes.push_back(
          {"FieldValueForbidden", fmt::format("Forbidden: {}", why), std::string(field)});
    };
    const Value* const still = secret.if_contains("immutable");
    if (still == nullptr || *still != true) {
      forbid("immutable", "field is immutable when `immutable` is set");
    }
    const Object* const old = map_of(*before, "data");
    if ((old == nullptr ? nothing : *old) != *data) {
      forbid("data", "field is immutable when `immutable` is set");
    }
  }
}

void check_lease(const Object& lease, std::vector<Cause>& causes) {
  const Object* const spec = map_of(lease, "spec");
  if (spec == nullptr) return;
  if (const Value* const duration = spec->if_contains("leaseDurationSeconds")) {
    if (duration->is_int64() && duration->get_int64() <= 0) {
      causes.push_back(
          invalid_value("spec.leaseDurationSeconds", *duration, "must be greater than 0"));
    }
  }
  if (const Value* const transitions = spec->if_contains("leaseTransitions")) {
    if (transitions->is_int64() && transitions->get_int64() < 0) {
      causes.push_back(invalid_value("spec.leaseTransitions", *transitions,
                                     "must be greater than or equal to 0"));
    }
  }
}

void check_binding(const Object& binding, std::vector<Cause>& causes) {
  const std::size_t before = causes.size();
  const Object* const spec = map_of(binding, "spec");
  if (spec == nullptr) causes.push_back(required("spec"));
  for (const std::string_view member : {"cloudProvider", "secretPath", "targetSecretName"}) {
    if (spec == nullptr || spec->contains(member)) continue;
    causes.push_back(required(fmt::format("spec.{}", member)));
  }
  if (causes.size() == before) return;
  causes.push_back(
      {"FieldValueInvalid",
       "Invalid value: null: some validation rules were not checked because the object was "
       "invalid; correct the existing errors to complete validation",
       "<nil>"});
}

void check_workload(const Object& workload, std::vector<Cause>& causes) {
  const Object* const spec = map_of(workload, "spec");
  if (spec == nullptr || map_of(*spec, "template") == nullptr) {
    causes.push_back(required("spec.template"));
  }
}

}  // namespace

Cause required(std::string field) {
  return {"FieldValueRequired", "Required value", std::move(field)};
}

Cause invalid_value(std::string field, const Value& value, std::string_view why) {
  return {"FieldValueInvalid",
          fmt::format("Invalid value: {}: {}", boost::json::serialize(value), why),
          std::move(field)};
}

Cause invalid_text(std::string field, std::string_view text, std::string_view why) {
  return invalid_value(std::move(field), Value(text), why);
}

std::vector<Cause> validate(const Kind& kind, const Object& object, const Object* before) {
  std::vector<Cause> causes;
  check_metadata(object, before, causes);
  if (&kind == &kind_of(kube::kSecrets)) {
    check_secret(object, before, causes);
  } else if (&kind == &kind_of(kube::kLeases)) {
    check_lease(object, causes);
  } else if (&kind == &kind_of(kube::kEvents)) {
    check_event(object, before, causes);
  } else if (kind.custom) {
    // In an update a custom resource's metadata is checked again and again, and all is told.
    if (before != nullptr) {
      check_metadata(object, before, causes);
      check_metadata(object, nullptr, causes);
    }
    if (&kind == &kind_of(kube::kBindings)) check_binding(object, causes);
  } else if (kind.resource.group == kube::kDeployments.group) {
    check_workload(object, causes);
  }
  return causes;
}

}  // namespace edsm::sim
