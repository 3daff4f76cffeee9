#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "kube/config.hpp"
#include "net/http.hpp"

namespace edsm::support {

/// Lets every request pass.
class OpenAuthority final : public kube::Authority {
 public:
  base::Task<base::Result<>> authorise(net::Request&) override { co_return base::Result<>(); }
  void rejected(base::Instant) override {}
};

/// An API server in memory, as far as the controller uses one: GET, POST, PATCH (merge, and
/// strategic with `$patch` and owner references by uid) and DELETE of single objects, with uid and
/// resourceVersion as preconditions, and metadata-only answers. Objects are found by their path.
class FakeKube final : public net::Http {
 public:
  using Object = boost::json::object;
  struct Seen {
    net::Method method;
    std::string path;  ///< without server and query
    std::string body;
  };
  /// What happened to an object, in order; for a deletion with its last state.
  struct Change {
    std::string path;
    Object object;
    bool deleted = false;
  };
  enum class Fault : std::uint8_t {
    refuse,      ///< nothing happens, the answer is `status`
    lose_reply,  ///< it happens, but the connection breaks before the answer
    cut,         ///< the connection breaks before it happens
  };

  /// The next request of that method whose path holds `part` goes wrong.
  void fault(net::Method method, std::string part, Fault fault, int status = 503,
             std::string reason = "ServiceUnavailable") {
    faults_.push_back({method, std::move(part), fault, status, std::move(reason), nullptr});
  }
  /// Something happens just before the next request of that method whose path holds `part`.
  void before(net::Method method, std::string part, std::function<void()> action) {
    faults_.push_back({method, std::move(part), Fault::refuse, 0, "", std::move(action)});
  }

  const Object* find(const std::string& path) const {
    const auto at = objects_.find(path);
    return at == objects_.end() ? nullptr : &at->second;
  }
  /// Puts an object there as somebody else would; missing uid is made up, resourceVersion set.
  void put(const std::string& path, Object object) {
    auto& metadata = object["metadata"].is_object() ? object["metadata"].as_object()
                                                    : object["metadata"].emplace_object();
    if (!metadata.contains("uid")) metadata["uid"] = fmt::format("uid-{}", ++last_uid_);
    if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = created_at;
    name(path, metadata);
    store(path, std::move(object));
  }
  /// Applies a merge patch as somebody else would.
  void edit(const std::string& path, std::string_view patch) {
    auto object = objects_.at(path);
    merge(object, boost::json::parse({patch.data(), patch.size()}).as_object(), false);
    store(path, std::move(object));
  }
  void erase(const std::string& path) {
    auto node = objects_.extract(path);
    if (node.empty()) return;
    node.mapped()["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
    changes_.push_back({path, std::move(node.mapped()), true});
  }
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

  std::size_t count(net::Method method, std::string_view part) const {
    std::size_t found = 0;
    for (const auto& each : seen) {
      if (each.method == method && each.path.find(part) != std::string::npos) ++found;
    }
    return found;
  }

  base::Task<base::Result<net::Response>> send(net::Request request) override {
    const auto start = request.url.find('/', request.url.find("//") + 2);
    const auto path = request.url.substr(start, request.url.find('?') - start);
    seen.push_back({request.method, path, std::string(request.body.view())});
    auto fault = take_fault(request.method, path);
    while (fault && fault->action) {
      fault->action();
      fault = take_fault(request.method, path);
    }
    if (fault && fault->kind == Fault::cut) co_return lost();
    if (fault && fault->kind == Fault::refuse) co_return status(fault->status, fault->reason);
    auto answer = serve(request, path);
    if (fault) co_return lost();
    co_return answer;
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> open(net::Request) override {
    co_return base::fail(base::Failure::invalid, "Unscripted", "no watches here");
  }

  std::vector<Seen> seen;
  std::string created_at = "2026-11-22T00:00:00Z";

 private:
  struct Planned {
    net::Method method;
    std::string part;
    Fault kind;
    int status;
    std::string reason;
    std::function<void()> action;
  };

  std::optional<Planned> take_fault(net::Method method, const std::string& path) {
    for (auto at = faults_.begin(); at != faults_.end(); ++at) {
      if (at->method != method || path.find(at->part) == std::string::npos) continue;
      auto planned = std::move(*at);
      faults_.erase(at);
      return planned;
    }
    return std::nullopt;
  }

  static std::unexpected<base::Error> lost() {
    return base::fail(base::Failure::transient, "ConnectionLost", "the connection broke");
  }
  static net::Response answer(int status, const boost::json::value& body) {
    net::Response response;
    response.status = status;
    response.body.append(boost::json::serialize(body));
    return response;
  }
  static net::Response status(int code, std::string_view reason, std::string_view field = {}) {
    boost::json::object body{
        {"kind", "Status"}, {"reason", reason}, {"message", "scripted"}, {"code", code}};
    if (!field.empty()) {
      body["details"] = {{"causes", {{{"field", field}, {"reason", "FieldValueInvalid"}}}}};
    }
    return answer(code, body);
  }

  static std::string accept(const net::Request& request) {
    return std::string(request.headers.find("Accept").value_or(""));
  }
  static net::Response show(const net::Request& request, const Object& object, int code = 200) {
    if (accept(request).find("PartialObjectMetadata") == std::string::npos)
      return answer(code, object);
    return answer(code,
                  Object{{"kind", "PartialObjectMetadata"}, {"metadata", object.at("metadata")}});
  }

  net::Response serve(const net::Request& request, std::string path) {
    const bool to_status = path.ends_with("/status");
    if (to_status) path.resize(path.size() - 7);
    Object body;
    boost::json::array operations;
    if (!request.body.empty()) {
      auto given = boost::json::parse(request.body.view());
      if (given.is_array()) {
        operations = std::move(given.as_array());
      } else {
        body = std::move(given.as_object());
      }
    }
    if (request.method == net::Method::post) {
      const auto name = std::string(body.at("metadata").at("name").as_string());
      path += "/" + name;
      if (objects_.contains(path)) return status(409, "AlreadyExists");
      put(path, std::move(body));
      return show(request, objects_.at(path), 201);
    }
    const auto at = objects_.find(path);
    if (at == objects_.end()) return status(404, "NotFound");
    if (request.method == net::Method::get) return show(request, at->second);
    const auto* const given =
        body.if_contains(request.method == net::Method::del ? "preconditions" : "metadata");
    const auto& now = at->second.at("metadata").as_object();
    for (const auto* const field : {"uid", "resourceVersion"}) {
      const auto* const wanted = given == nullptr ? nullptr : given->as_object().if_contains(field);
      if (wanted == nullptr || *wanted == now.at(field)) continue;
      const bool wrong_uid =
          std::string_view(field) == "uid" && request.method == net::Method::patch;
      return wrong_uid ? status(422, "Invalid", "metadata.uid") : status(409, "Conflict");
    }
    if (request.method == net::Method::del) {
      const auto gone = at->second;
      erase(path);
      return show(request, gone);
    }
    const auto type = request.headers.find("Content-Type").value_or("");
    auto object = at->second;
    if (!carry_out(object, operations)) return status(422, "Invalid");
    merge(object, body, type.starts_with("application/strategic"));
    store(path, std::move(object));
    return show(request, objects_.at(path));
  }

  /// A JSON patch out of "test", and "add" of a member of the object itself.
  static bool carry_out(Object& object, const boost::json::array& operations) {
    for (const auto& operation : operations) {
      const std::string path(operation.at("path").as_string());
      if (operation.at("op") == "test") {
        if (boost::json::value(object).at_pointer(path) != operation.at("value")) return false;
      } else {
        object[path.substr(1)] = operation.at("value");
      }
    }
    return true;
  }

  static void merge(Object& object, const Object& patch, bool strategic) {
    if (strategic && patch.contains("$patch")) object.clear();
    for (const auto& [name, value] : patch) {
      if (name == "$patch") continue;
      if (value.is_null()) {
        object.erase(name);
      } else if (value.is_object()) {
        // So does the real one: with nothing to replace, the values are dropped with the directive.
        const bool nothing_there = !object.contains(name) || !object.at(name).is_object();
        if (strategic && nothing_there && value.as_object().contains("$patch")) continue;
        auto& member = object[name];
        if (!member.is_object()) member.emplace_object();
        merge(member.as_object(), value.as_object(), strategic);
      } else if (strategic && name == "ownerReferences") {
        merge_owners(object, value.as_array());
      } else {
        object[name] = value;
      }
    }
  }
  static void merge_owners(Object& metadata, const boost::json::array& patch) {
    auto& owners = metadata["ownerReferences"].is_array()
                       ? metadata["ownerReferences"].as_array()
                       : metadata["ownerReferences"].emplace_array();
    for (const auto& entry : patch) {
      for (auto at = owners.begin(); at != owners.end();) {
        at = at->at("uid") == entry.at("uid") ? owners.erase(at) : at + 1;
      }
      if (!entry.as_object().contains("$patch")) owners.push_back(entry);
    }
  }

  static void name(const std::string& path, Object& metadata) {
    const auto ns = path.find("/namespaces/") + 12;
    const auto end = path.find('/', ns);
    if (end != std::string::npos && path.find("/namespaces/") != std::string::npos)
      metadata["namespace"] = path.substr(ns, end - ns);
    metadata["name"] = path.substr(path.rfind('/') + 1);
  }
  /// An equal object keeps its resourceVersion and is no change.
  void store(const std::string& path, Object object) {
    auto& known = objects_[path];
    if (known == object) return;
    object["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
    known = std::move(object);
    changes_.push_back({path, known, false});
  }

  std::map<std::string, Object> objects_;
  std::deque<Planned> faults_;
  std::vector<Change> changes_;
  int version_ = 1000;
  int last_uid_ = 0;
};

}  // namespace edsm::support
