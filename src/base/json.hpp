#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/error.hpp"

namespace edsm::base {

/// A parsed JSON document and the wiped arena in which it lives. Views into it are valid as long as
/// the document is.
class JsonDocument {
 public:
  /// Failure::invalid, code "MalformedJSON" if `text` is not one JSON value or nests deeper than
  /// `max_depth`. The error's text never quotes the input.
  static Result<JsonDocument> parse(std::string_view text, std::size_t max_depth = 64);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  const boost::json::value& root() const;

 private:
  struct State;
  explicit JsonDocument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Lenient access: a missing member, a null and a member of another type are all "not there".
const boost::json::value* find(const boost::json::value& value, std::string_view key);
/// Follows a dotted path of object members, e.g. "detail.requestParameters.secretId".
const boost::json::value* find_path(const boost::json::value& value, std::string_view path);
std::string_view string_at(const boost::json::value& value, std::string_view path);
std::optional<std::int64_t> int_at(const boost::json::value& value, std::string_view path);
std::optional<bool> bool_at(const boost::json::value& value, std::string_view path);
const boost::json::object* object_at(const boost::json::value& value, std::string_view path);
const boost::json::array* array_at(const boost::json::value& value, std::string_view path);
/// The strings among an array's items; what else is among them is left out.
std::vector<std::string> strings_at(const boost::json::value& value, std::string_view path);

}  // namespace edsm::base
