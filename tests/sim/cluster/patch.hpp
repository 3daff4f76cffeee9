#pragma once

#include <expected>
#include <string>

#include <boost/json/array.hpp>

#include "sim/cluster/object.hpp"

namespace edsm::sim {

/// RFC 7386.
void merge_patch(Value& target, const Value& patch);

/// Kubernetes' strategic merge (apimachinery: pkg/util/strategicpatch/patch.go, as the server calls
/// it: nulls of what is not there are ignored). What it does with directives, oddities included:
///   - a map with `$patch: replace` takes the place of the one that is there; if none is there, it
///     is dropped with all that is in it;
///   - lists with a merge key (ownerReferences: uid) are merged element by element.
/// An error is the server's text.
std::expected<void, std::string> strategic_merge(Object& target, Object patch);

/// RFC 6902 without `copy` and `move`.
struct JsonPatchError {
  int code = 422;  ///< 422: an operation failed; 400: it is none
  std::string text;
};
std::expected<void, JsonPatchError> json_patch(Value& target, const Value& operations);

}  // namespace edsm::sim
