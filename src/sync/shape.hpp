#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "cloud/provider.hpp"
#include "sync/binding.hpp"

namespace edsm::sync {

/// The data of a target: sorted by key, each key once. Wiped with its owner.
struct ShapedData {
  std::string type;
  std::vector<std::pair<std::string, base::SecretBytes>> items;
};

/// Turns a cloud value into the data of a target. Pure.
///
/// A JSON object gives one key for each member (or for each selection): strings decoded, everything
/// else as its exact source text, null as empty. Other text, and binary, gives `raw_key`, byte for
/// byte. Failure::invalid, with a text that names key and remedy but never quotes the value:
/// "NotJSON", "NotText", "MissingProperty", "InvalidKey", "TooLarge", "WrongType".
base::Result<ShapedData> shape(const cloud::Value& value, const ShapeSpec& spec);

}  // namespace edsm::sync
