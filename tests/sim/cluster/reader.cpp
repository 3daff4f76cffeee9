#include "sim/cluster/reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "sim/cluster/selector.hpp"

namespace edsm::sim {
namespace {

constexpr std::string_view kTooOldToken =
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list.";

/// Where a list goes on: after the object `last`, at a revision; -1: at whatever is current.
struct Token {
  std::int64_t revision = -1;
  std::string last;
};

std::string encode(const Token& token) {
  Object json;
  json["v"] = "meta.k8s.io/v1";
  json["rv"] = token.revision;
  json["start"] = token.last + std::string(1, '\0');
  std::string text = base::base64(boost::json::serialize(json));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<Token> decode_token(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text.push_back('=');
  const auto bytes = base::base64_decode(text);
  if (!bytes) return std::nullopt;
  boost::json::error_code error;
  const Value json = boost::json::parse(bytes->view(), error);
  if (error || !json.is_object()) return std::nullopt;
  Token token;
  token.revision = number_of(json.get_object(), "rv");
  token.last = text_of(json.get_object(), "start");
  if (token.revision == 0 || token.last.empty()) return std::nullopt;
  token.last.pop_back();
  return token;
}

/// The objects that a list shows, and the revision of which it says that they are.
struct Picture {
  const Store::Objects* objects = nullptr;
  Store::Objects past;  ///< where `objects` points unless they are the current ones
  std::uint64_t revision = 0;
  std::string after;  ///< begins behind this key

  void show(const Store& store, const Kind& kind, std::uint64_t at) {
    revision = at;
    if (at == store.revision()) {
      objects = &store.all(kind);
    } else {
      past = store.snapshot(kind, at);
      objects = &past;
    }
  }
};

Refusal bad_options(const std::vector<Cause>& causes) {
  return invalid("meta.k8s.io", "ListOptions", "ListOptions.meta.k8s.io", "", causes);
}

/// apimachinery: pkg/apis/meta/internalversion/validation
std::vector<Cause> check_match(const Call& call) {
  constexpr std::string_view kField = "resourceVersionMatch";
  const std::string_view version = call.parameter("resourceVersion");
  const std::string_view match = call.parameter(kField);
  std::vector<Cause> causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(
        {"FieldValueForbidden", fmt::format("Forbidden: {}", why), std::string(kField)});
  };
  if (match.empty()) return causes;
  if (version.empty())
    forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!call.parameter("continue").empty()) {
    forbid("resourceVersionMatch is forbidden when continue is provided");
  }
  if (match != "Exact" && match != "NotOlderThan") {
    causes.push_back({"FieldValueNotSupported",
                      fmt::format("Unsupported value: \"{}\": supported values: \"Exact\", "
                                  "\"NotOlderThan\", \"\"",
                                  match),
                      std::string(kField)});
  }
  if (match == "Exact" && version == "0") {
    forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  return causes;
}

Outcome<void> open_continued(const Store& store, const Call& call, Picture& picture) {
  if (auto causes = check_match(call); !causes.empty()) {
    return std::unexpected(bad_options(causes));
  }
  auto token = decode_token(std::string(call.parameter("continue")));
  if (!token) {
    return std::unexpected(
        bad_request("continue key is not valid: illegal base64 data at input byte 0"));
  }
  picture.after = token->last;
  if (token->revision < 0) {
    picture.show(store, *call.kind, store.revision());
    return {};
  }
  const auto revision = static_cast<std::uint64_t>(token->revision);
  if (revision < store.compacted()) {
    Refusal refusal = expired(std::string(kTooOldToken));
    refusal.continue_token = encode({-1, token->last});
    return std::unexpected(std::move(refusal));
  }
  picture.show(store, *call.kind, revision);
  return {};
}

Outcome<void> open_fresh(const Store& store, const Call& call, Picture& picture) {
  const std::string_view version = call.parameter("resourceVersion");
  const std::string_view match = call.parameter("resourceVersionMatch");
  if (auto causes = check_match(call); !causes.empty()) {
    return std::unexpected(bad_options(causes));
  }
  std::uint64_t asked = 0;
  const char* const end = version.data() + version.size();
  const auto [stop, error] = std::from_chars(version.data(), end, asked);
  if (!version.empty() && (error != std::errc() || stop != end)) {
    return std::unexpected(
        bad_request(fmt::format("invalid resource version: resourceVersion: Invalid value: \"{}\": "
                                "strconv.ParseUint: parsing "
                                "\"{}\": invalid syntax",
                                version, version)));
  }
  if (asked > store.revision()) {
    return std::unexpected(too_large_version(asked, store.revision()));
  }
  // With a limit, and no word about it, a version is meant exactly.
  const bool exact =
      asked > 0 && (match == "Exact" || (match.empty() && !call.parameter("limit").empty()));
  if (exact && asked < store.compacted()) {
    return std::unexpected(expired("The resourceVersion for the provided list is too old."));
  }
  picture.show(store, *call.kind, exact ? asked : store.revision());
  return {};
}

}  // namespace

const std::string& view_of(const Call& call, const Stored& object) {
  return call.metadata_view ? object.metadata_json() : object.json();
}

bool is_consistent(const Call& call) {
  return call.parameter("resourceVersion").empty() && call.parameter("continue").empty();
}

Outcome<std::string> get_object(const Store& store, const Call& call) {
  const auto found = store.find(*call.kind, key_of(call.access.ns, call.access.name));
  if (found == nullptr) return std::unexpected(not_found(*call.kind, call.access.name));
  return view_of(call, *found);
}

Outcome<std::string> list_objects(const Store& store, const Call& call) {
  const Kind& kind = *call.kind;
  const auto selector = Selector::parse(kind, call.access.ns, call.parameter("labelSelector"),
                                        call.parameter("fieldSelector"));
  if (!selector) return std::unexpected(selector.error());
  Picture picture;
  const auto opened = call.parameter("continue").empty() ? open_fresh(store, call, picture)
                                                         : open_continued(store, call, picture);
  if (!opened) return std::unexpected(opened.error());

  std::size_t limit = 0;
  const std::string_view given = call.parameter("limit");
  std::from_chars(given.data(), given.data() + given.size(), limit);
  const bool selective =
      !call.parameter("labelSelector").empty() || !call.parameter("fieldSelector").empty();
  std::string items;
  std::string last;
  std::size_t count = 0;
  std::size_t remaining = 0;
  for (auto at = picture.objects->upper_bound(picture.after); at != picture.objects->end(); ++at) {
    const Stored& object = *at->second;
    if (!selector->matches(object)) continue;
    if (limit != 0 && count == limit) {
      ++remaining;
      continue;
    }
    if (count++ != 0) items += ',';
    items += call.metadata_view ? object.metadata_json()
             : kind.custom      ? object.json()
                                : object.item_json();
    last = at->first;
  }
  std::string metadata = fmt::format(R"("resourceVersion":"{}")", picture.revision);
  // Go's nil, and a custom resource's empty string: both are what a real server writes.
  const bool null_items = items.empty() && call.metadata_view;
  if (remaining == 0 && kind.custom && !call.metadata_view) metadata += R"(,"continue":"")";
  if (remaining > 0) {
    metadata += fmt::format(R"(,"continue":"{}")",
                            encode({static_cast<std::int64_t>(picture.revision), last}));
    if (!selective) metadata += fmt::format(R"(,"remainingItemCount":{})", remaining);
  }
  const std::string list_kind =
      call.metadata_view ? "PartialObjectMetadataList" : std::string(kind.resource.kind) + "List";
  const std::string version = call.metadata_view ? "meta.k8s.io/v1" : kind.resource.api_version();
  return fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{{{}}},"items":{}}})", list_kind,
                     version, metadata, null_items ? "null" : "[" + items + "]");
}

}  // namespace edsm::sim
