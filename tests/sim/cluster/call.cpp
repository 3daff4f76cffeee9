#include "sim/cluster/call.hpp"

#include <algorithm>
#include <utility>

#include "net/url.hpp"

namespace edsm::sim {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (!part.empty()) parts.push_back(net::percent_decode(part));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  return parts;
}

std::vector<std::pair<std::string, std::string>> split_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parts;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    const auto equals = part.find('=');
    if (!part.empty()) {
      const auto value =
          equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
      parts.emplace_back(net::percent_decode(part.substr(0, equals)), net::percent_decode(value));
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return parts;
}

/// api/v1/… or apis/GROUP/VERSION/…, then [namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]].
void read_path(const std::vector<std::string>& parts, Call& call) {
  const bool core = parts.size() >= 3 && parts[0] == "api";
  const bool group = parts.size() >= 4 && parts[0] == "apis";
  if (!core && !group) return;
  std::size_t at = core ? 1 : 2;
  Access& access = call.access;
  access.group = core ? std::string() : parts[1];
  const std::string& version = parts[at++];
  if (parts.size() >= at + 3 && parts[at] == "namespaces") {
    access.ns = parts[at + 1];
    at += 2;
  }
  access.resource = parts[at++];
  if (at < parts.size()) access.name = parts[at++];
  if (at < parts.size()) access.subresource = parts[at++];
  if (at < parts.size()) return;
  call.kind = find_kind(access.group, version, access.resource);
  if (call.kind == nullptr || access.subresource.empty()) return;
  if (!call.kind->status || access.subresource != "status") call.kind = nullptr;
}

std::string_view verb_of(net::Method method, const Call& call) {
  switch (method) {
    case net::Method::get:
      if (call.flag("watch")) return "watch";
      return call.access.name.empty() ? "list" : "get";
    case net::Method::post:
      return "create";
    case net::Method::put:
      return "update";
    case net::Method::patch:
      return "patch";
    case net::Method::del:
      return "delete";
  }
  return "get";
}

}  // namespace

std::string_view Call::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find_if(query, [&](const auto& item) { return item.first == name; });
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool Call::flag(std::string_view name) const {
  const std::string_view value = parameter(name);
  return value == "true" || value == "1";
}

Call read_call(const net::Request& request) {
  Call call;
  const auto url = net::Url::parse(request.url);
  if (url) {
    call.path = url->path;
    call.query = split_query(url->query);
    read_path(split_path(url->path), call);
  }
  call.access.verb = verb_of(request.method, call);
  call.metadata_view =
      request.headers.find("Accept").value_or("").contains("as=PartialObjectMetadata");
  call.content_type = request.headers.find("Content-Type").value_or("application/json");
  call.content_type = call.content_type.substr(0, call.content_type.find(';'));
  call.manager = call.parameter("fieldManager");
  if (call.manager.empty()) {
    const auto agent = request.headers.find("User-Agent").value_or("unknown");
    call.manager = agent.substr(0, agent.find('/'));
  }
  call.body = request.body.view();
  constexpr std::string_view kBearer = "Bearer ";
  const auto authorization = request.headers.find("Authorization");
  if (authorization && authorization->starts_with(kBearer)) {
    call.token = authorization->substr(kBearer.size());
  }
  return call;
}

}  // namespace edsm::sim
