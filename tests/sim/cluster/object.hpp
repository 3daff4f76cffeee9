#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace edsm::sim {

/// A Kubernetes object without `apiVersion` and `kind`, which its place in the API tells.
using Object = boost::json::object;
using Value = boost::json::value;

/// The object's `metadata`, made if it is not there.
Object& metadata_of(Object& object);
/// Empty if there is none.
const Object& metadata_of(const Object& object);
/// "" unless it is there and a string.
std::string_view text_of(const Object& object, std::string_view member);
/// Null unless it is there and of that type.
const Object* map_of(const Object& object, std::string_view member);
Object* map_of(Object& object, std::string_view member);
const boost::json::array* list_of(const Object& object, std::string_view member);
/// 0 unless it is there and an integer.
std::int64_t number_of(const Object& object, std::string_view member);

/// The key of an object in its kind, in the order in which a list has it: "namespace/name".
std::string key_of(std::string_view ns, std::string_view name);

}  // namespace edsm::sim
