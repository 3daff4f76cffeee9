#pragma once

#include <optional>
#include <string_view>

#include "base/secret.hpp"

/// As much of XML as the answers of STS need: elements by name, no attributes, no validation.
namespace edsm::cloud::aws {

/// The raw content of the first element `name` (without a namespace prefix), up to the next end tag
/// of that name; nullopt if there is none or it is not closed.
std::optional<std::string_view> xml_element(std::string_view text, std::string_view name);

/// Replaces the five named and all numeric entities; unknown ones stay as they are.
base::SecretBytes xml_unescape(std::string_view text);

}  // namespace edsm::cloud::aws
