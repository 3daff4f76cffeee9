#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "sync/binding.hpp"
#include "sync/shape.hpp"
#include "sync/target.hpp"

namespace edsm::sync {

/// What a target should be.
struct Desired {
  Desired(const Binding& binding_, const ShapedData& data_) : binding(binding_), data(data_) {}

  const Binding& binding;
  const ShapedData& data;
  std::string digest;
  std::string version;
  std::string source;
  std::string changed_at;
  /// The target has no data now. Then it must not be told to replace it: Kubernetes drops a map
  /// with that directive if there is none to replace, and the values with it.
  bool onto_nothing = false;
};

/// Body of the POST that creates the target.
base::SecretBytes create_body(const Desired& desired);

/// Body of the strategic merge patch that makes an existing target what it should be in one
/// request: data, version, digest, label and owner together, with uid and resourceVersion as
/// precondition. Owner and Orphan: `data` is replaced as a whole; Merge: our keys are set, those
/// that were ours and no longer are go. With `with_data` false only the metadata is brought up to
/// date.
base::SecretBytes update_body(const Desired& desired, const Target& current, bool with_data);

/// Whether a target with equal data still needs its metadata written. `inspection`: a full read of
/// it, if there is one; without, its labels and annotations are taken to be right.
bool metadata_outdated(const Desired& desired, const Target& current, const Inspection* inspection);

/// Whether every wished label or annotation is there.
bool contains_all(const std::map<std::string, std::string>& found,
                  const std::map<std::string, std::string>& wished);

}  // namespace edsm::sync
