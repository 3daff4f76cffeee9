#include "base/json.hpp"

#include <array>
#include <new>
#include <utility>

#include <boost/json/memory_resource.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>

#include "base/wiping_memory.hpp"

namespace edsm::base {
namespace {

/// Heap memory that is wiped before it is freed.
class WipingResource final : public boost::json::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t align) override {
    return ::operator new(bytes, std::align_val_t(align));
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t align) override {
    wipe(memory, bytes);
    ::operator delete(memory, std::align_val_t(align));
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

/// The parser decodes strings with escapes in a buffer on the stack, where they would stay.
[[gnu::noinline]] void wipe_stack() {
  std::array<char, std::size_t{16} << 10U> below;
  wipe(below.data(), below.size());
}

}  // namespace

struct JsonDocument::State {
  explicit State(std::size_t guess) : arena(guess, &wiping) {}
  WipingResource wiping;
  boost::json::monotonic_resource arena;
  boost::json::value root;
};

JsonDocument::JsonDocument(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

const boost::json::value& JsonDocument::root() const {
  return state_->root;
}

Result<JsonDocument> JsonDocument::parse(std::string_view text, std::size_t max_depth) {
  auto state = std::make_unique<State>(text.size() + text.size() / 2 + 256);
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::parser parser(&state->wiping, options);
  parser.reset(&state->arena);
  boost::system::error_code error;
  parser.write(text.data(), text.size(), error);
  if (text.contains('\\')) wipe_stack();
  if (error) return fail(Failure::invalid, "MalformedJSON", error.message());
  // The value is built in place: assigning to a value of another resource would copy it out of the
  // arena.
  state->root.~value();
  new (&state->root) boost::json::value(parser.release());
  return JsonDocument(std::move(state));
}

const boost::json::value* find(const boost::json::value& value, std::string_view key) {
  const auto* const object = value.if_object();
  if (object == nullptr) return nullptr;
  const auto* const member = object->if_contains(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

const boost::json::value* find_path(const boost::json::value& value, std::string_view path) {
  const boost::json::value* at = &value;
  while (at != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    at = find(*at, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return at;
}

std::string_view string_at(const boost::json::value& value, std::string_view path) {
  const auto* const found = find_path(value, path);
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

std::optional<std::int64_t> int_at(const boost::json::value& value, std::string_view path) {
  const auto* const found = find_path(value, path);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

std::optional<bool> bool_at(const boost::json::value& value, std::string_view path) {
  const auto* const found = find_path(value, path);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

const boost::json::object* object_at(const boost::json::value& value, std::string_view path) {
  const auto* const found = find_path(value, path);
  return found == nullptr ? nullptr : found->if_object();
}

const boost::json::array* array_at(const boost::json::value& value, std::string_view path) {
  const auto* const found = find_path(value, path);
  return found == nullptr ? nullptr : found->if_array();
}

std::vector<std::string> strings_at(const boost::json::value& value, std::string_view path) {
  std::vector<std::string> strings;
  const auto* const array = array_at(value, path);
  if (array == nullptr) return strings;
  for (const auto& item : *array) {
    if (item.is_string()) strings.emplace_back(item.get_string());
  }
  return strings;
}

}  // namespace edsm::base
