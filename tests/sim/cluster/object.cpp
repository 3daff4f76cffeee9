#include "sim/cluster/object.hpp"

namespace edsm::sim {

Object& metadata_of(Object& object) {
  Value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Object();
  return metadata.get_object();
}

const Object& metadata_of(const Object& object) {
  static const Object none;
  const Object* const metadata = map_of(object, "metadata");
  return metadata == nullptr ? none : *metadata;
}

std::string_view text_of(const Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const Object* map_of(const Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  return value == nullptr ? nullptr : value->if_object();
}

Object* map_of(Object& object, std::string_view member) {
  Value* const value = object.if_contains(member);
  return value == nullptr ? nullptr : value->if_object();
}

const boost::json::array* list_of(const Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  return value == nullptr ? nullptr : value->if_array();
}

std::int64_t number_of(const Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string key_of(std::string_view ns, std::string_view name) {
  std::string key(ns);
  key.append("/").append(name);
  return key;
}

}  // namespace edsm::sim
