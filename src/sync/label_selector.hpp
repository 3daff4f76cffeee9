#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace edsm::sync {

/// An object's labels; few texts, shared by many objects.
using Labels = std::map<base::Text, base::Text>;

/// `metadata.labels` of any object.
Labels decode_labels(const boost::json::value& object);

/// metav1.LabelSelector
struct LabelSelector {
  struct Requirement {
    enum class Operator : std::uint8_t {
      in,
      not_in,  ///< also if the label is not there
      exists,
      does_not_exist,
      unknown,  ///< no object meets it
    };
    std::string key;
    Operator op = Operator::unknown;
    std::vector<std::string> values;
    bool operator==(const Requirement&) const = default;

    bool met_by(const Labels& labels) const;
  };

  std::vector<Requirement> requirements;  ///< none: everything is selected
  bool operator==(const LabelSelector&) const = default;

  bool selects(const Labels& labels) const;
};

/// Reads matchLabels and matchExpressions. What is not understood selects nothing.
LabelSelector decode_label_selector(const boost::json::value& selector);

}  // namespace edsm::sync
