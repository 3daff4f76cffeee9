#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "sync/digest.hpp"
#include "sync/shape.hpp"

namespace edsm::support {

/// A digester whose key follows from its id, so that two of one id agree.
inline sync::Digester digester(const std::string& id = "k1") {
  return {id, base::SecretBytes(std::string(32, id.back()))};
}

/// For JSON that the test itself wrote.
inline boost::json::value json(std::string_view text) {
  boost::system::error_code error;
  auto value = boost::json::parse({text.data(), text.size()}, error);
  if (error) throw std::logic_error("not JSON: " + std::string(text));
  return value;
}

using Items = std::initializer_list<std::pair<std::string, std::string>>;

inline sync::ShapedData shaped(Items items, std::string type = "Opaque") {
  sync::ShapedData data;
  data.type = std::move(type);
  for (const auto& [key, bytes] : items) data.items.emplace_back(key, base::SecretBytes(bytes));
  return data;
}

inline cloud::Value value(std::string_view bytes, cloud::Form form = cloud::Form::text) {
  cloud::Value made;
  made.version = "v1";
  made.form = form;
  made.bytes.append(bytes);
  return made;
}

/// "a=1;b=2;" of shaped data; only for values that are no secrets.
inline std::string show(const sync::ShapedData& data) {
  std::string text;
  for (const auto& [key, bytes] : data.items) text += fmt::format("{}={};", key, bytes.view());
  return text;
}

}  // namespace edsm::support
