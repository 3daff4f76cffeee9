#include "sim/cluster/validation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/time.hpp"

namespace edsm::sim {
namespace {

constexpr std::size_t kMaxSecret = std::size_t{1} << 20U;
constexpr std::size_t kMaxName = 253;

constexpr std::array<std::string_view, 14> kMetadataMembers{"name",
                                                            "generateName",
                                                            "namespace",
                                                            "uid",
                                                            "generation",
                                                            "labels",
                                                            "resourceVersion",
                                                            "annotations",
                                                            "finalizers",
                                                            "managedFields",
                                                            "ownerReferences",
                                                            "creationTimestamp",
                                                            "deletionTimestamp",
                                                            "deletionGracePeriodSeconds"};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void drop_empty(Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  if (value == nullptr) return;
  const bool empty = value->is_null() || (value->is_object() && value->get_object().empty()) ||
                     (value->is_array() && value->get_array().empty());
  if (empty) object.erase(member);
}

void keep_only(Object& object, const auto& known, auto also) {
  for (auto member = object.begin(); member != object.end();) {
    const std::string_view name = member->key();
    const bool keep = std::ranges::find(known, name) != std::ranges::end(known) || also(name);
    member = keep ? std::next(member) : object.erase(member);
  }
}

Refusal undecodable(const Kind& kind, std::string_view why) {
  return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                 kind.resource.kind, kind.resource.version, kind.resource.kind,
                                 why));
}

/// Where Go's decoder stops at what is not base64; nothing if it is.
std::optional<std::size_t> bad_base64(std::string_view text) {
  const auto is_digit = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  const std::size_t padding = text.size() - at;
  const bool padded = text.size() % 4 == 0 && padding <= 2 &&
                      text.find_first_not_of('=', at) == std::string_view::npos;
  if (padded) return std::nullopt;
  return at;
}

Outcome<void> decode_secret(const Kind& kind, Object& object) {
  drop_empty(object, "data");
  if (text_of(object, "type").empty()) object["type"] = "Opaque";
  if (Value* const data = object.if_contains("data")) {
    if (!data->is_object()) {
      return std::unexpected(undecodable(kind,
                                         "json: cannot unmarshal into Go struct field "
                                         "Secret.data of type map[string][]uint8"));
    }
    for (auto& [key, value] : data->get_object()) {
      if (value.is_null()) value = "";
      if (!value.is_string()) {
        return std::unexpected(undecodable(kind,
                                           "json: cannot unmarshal into Go struct field "
                                           "Secret.data of type []uint8"));
      }
      if (const auto at = bad_base64({value.get_string().data(), value.get_string().size()})) {
        return std::unexpected(
            undecodable(kind, fmt::format("illegal base64 data at input byte {}", *at)));
      }
    }
  }
  return {};
}

/// The defaults of config/crd/bases.
void default_binding(Object& object) {
  Object* const spec = map_of(object, "spec");
  if (spec == nullptr) return;
  const auto set = [](Object& at, std::string_view name, std::string_view value) {
    if (!at.contains(name)) at[name] = value;
  };
  set(*spec, "format", "Auto");
  set(*spec, "rawKey", "value");
  Value& target = (*spec)["target"];
  if (!target.is_object()) target = Object();
  set(target.get_object(), "type", "Opaque");
  set(target.get_object(), "creationPolicy", "Owner");
  set(target.get_object(), "deletionPolicy", "Retain");
  if (!object.contains("status")) object["status"] = Object{{"observedGeneration", -1}};
}

Cause required(std::string field) {
  return {"FieldValueRequired", "Required value", std::move(field)};
}

Cause invalid_value(std::string field, std::string_view value, std::string_view why) {
  return {"FieldValueInvalid",
          fmt::format("Invalid value: {}: {}", boost::json::serialize(Value(value)), why),
          std::move(field)};
}

void check_data_key(std::string_view key, std::vector<Cause>& causes) {
  const std::string field = fmt::format("data[{}]", key);
  const auto add = [&](std::string_view why) { causes.push_back(invalid_value(field, key, why)); };
  if (key.size() > kMaxName) add("must be no more than 253 characters");
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
    causes.push_back(invalid_value("type", type, "field is immutable"));
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
          {"FieldValueInvalid",
           fmt::format("Invalid value: {}: must be greater than 0", duration->get_int64()),
           "spec.leaseDurationSeconds"});
    }
  }
}

void check_event(const Object& event, const Object* before, std::vector<Cause>& causes) {
  const auto too_long = [&](std::string_view member, std::size_t limit) {
    if (text_of(event, member).size() <= limit) return;
    causes.push_back(invalid_value(std::string(member), {},
                                   fmt::format("can have at most {} characters", limit)));
  };
  if (text_of(event, "eventTime").empty()) causes.push_back(required("eventTime"));
  if (text_of(event, "reportingController").empty()) {
    causes.push_back(required("reportingController"));
  }
  if (text_of(event, "reportingInstance").empty()) causes.push_back(required("reportingInstance"));
  if (text_of(event, "action").empty()) causes.push_back(required("action"));
  if (text_of(event, "reason").empty()) causes.push_back(required("reason"));
  too_long("reportingInstance", 128);
  too_long("action", 128);
  too_long("reason", 128);
  too_long("note", 1024);
  const std::string_view type = text_of(event, "type");
  if (type != "Normal" && type != "Warning") {
    causes.push_back(invalid_value("type", type, "has invalid value"));
  }
  if (const Object* const series = map_of(event, "series")) {
    if (number_of(*series, "count") < 2) {
      causes.push_back(
          {"FieldValueInvalid", "Invalid value: \"\": should be at least 2", "series.count"});
    }
  }
  const Object* const regarding = map_of(event, "regarding");
  const std::string_view ns = text_of(metadata_of(event), "namespace");
  if (regarding != nullptr && text_of(*regarding, "namespace") != ns &&
      !(ns == "default" && text_of(*regarding, "namespace").empty())) {
    causes.push_back(invalid_value("involvedObject.namespace", text_of(*regarding, "namespace"),
                                   "does not match event.namespace"));
  }
  if (before == nullptr) return;
  for (const std::string_view member : {"reportingController", "reportingInstance", "action",
                                        "reason", "regarding", "note", "type", "eventTime"}) {
    const Value* const old = before->if_contains(member);
    const Value* const now = event.if_contains(member);
    const bool same = old == nullptr || now == nullptr ? old == now : *old == *now;
    if (!same) causes.push_back(invalid_value(std::string(member), {}, "field is immutable"));
  }
}

void check_binding(const Object& binding, std::vector<Cause>& causes) {
  const Object* const spec = map_of(binding, "spec");
  if (spec == nullptr) {
    causes.push_back(required("spec"));
    return;
  }
  for (const std::string_view member : {"cloudProvider", "secretPath", "targetSecretName"}) {
    if (!spec->contains(member)) causes.push_back(required(fmt::format("spec.{}", member)));
  }
}

void check_workload(const Object& workload, std::vector<Cause>& causes) {
  const Object* const spec = map_of(workload, "spec");
  if (spec == nullptr || map_of(*spec, "template") == nullptr) {
    causes.push_back(required("spec.template"));
  }
}

void check_metadata(const Object& object, const Object* before, std::vector<Cause>& causes) {
  const Object& metadata = metadata_of(object);
  const std::string_view name = text_of(metadata, "name");
  if (name.empty()) {
    causes.push_back({"FieldValueRequired", "Required value: name or generateName is required",
                      "metadata.name"});
  } else if (!std::ranges::all_of(name,
                                  [](char c) {
                                    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                           c == '-' || c == '.';
                                  }) ||
             !is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) {
    causes.push_back(invalid_value(
        "metadata.name", name,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
        "used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"));
  } else if (name.size() > kMaxName) {
    causes.push_back(
        {"FieldValueTooLong", "Too long: may not be more than 253 bytes", "metadata.name"});
  }
  if (before == nullptr) return;
  const std::string_view uid = text_of(metadata, "uid");
  if (!uid.empty() && uid != text_of(metadata_of(*before), "uid")) {
    causes.push_back(invalid_value("metadata.uid", uid, "field is immutable"));
  }
}

}  // namespace

Outcome<void> decode(const Kind& kind, Object& object) {
  keep_only(object, kind.members, [](std::string_view name) { return name == "metadata"; });
  Object& metadata = metadata_of(object);
  keep_only(metadata, kMetadataMembers, [](std::string_view) { return false; });
  for (const std::string_view member :
       {"labels", "annotations", "ownerReferences", "finalizers", "managedFields"}) {
    drop_empty(metadata, member);
  }
  for (const std::string_view member : {"labels", "annotations"}) {
    const Object* const map = map_of(metadata, member);
    const bool strings = map == nullptr || std::ranges::all_of(*map, [](const auto& item) {
                           return item.value().is_string();
                         });
    if (!strings) {
      return std::unexpected(undecodable(
          kind, fmt::format("json: cannot unmarshal into Go struct field ObjectMeta.metadata.{} "
                            "of type string",
                            member)));
    }
  }
  if (&kind == &kind_of(kube::kSecrets)) return decode_secret(kind, object);
  if (kind.custom) default_binding(object);
  return {};
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
    check_binding(object, causes);
  } else {
    check_workload(object, causes);
  }
  return causes;
}

}  // namespace edsm::sim
