#include "kube/api.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "kube/status_error.hpp"
#include "kube/token_access.hpp"
#include "net/url.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using net::Method;

/// The server gives up on a single object after 34 s: waiting a little longer gets its answer
/// instead of leaving us to guess what became of a write.
constexpr base::Duration kObjectTimeout = std::chrono::seconds(36);
constexpr base::Duration kListTimeout = std::chrono::seconds(65);
/// A Status is small; a refused watch is not read beyond this.
constexpr std::size_t kMaxRefusal = std::size_t{64} << 10U;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kObjectMetadata =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view kListMetadata =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

std::string_view content_type(PatchType type) {
  switch (type) {
    case PatchType::json:
      return "application/json-patch+json";
    case PatchType::merge:
      return "application/merge-patch+json";
    case PatchType::strategic:
      return "application/strategic-merge-patch+json";
    case PatchType::apply:
      return "application/apply-patch+yaml";
  }
  return kJson;
}

/// Values or a token.
bool is_secret(Resource resource) {
  const auto is = [&](const Resource& kind) {
    return resource.group == kind.group && resource.plural == kind.plural;
  };
  return is(kSecrets) || is(kTokenReviews);
}

bool succeeded(int status) {
  return status >= 200 && status < 300;
}

base::Error empty_name(const Question& question) {
  return {Failure::invalid, "EmptyName", question.subject + ": no object name given", std::nullopt};
}

}  // namespace

std::string Resource::api_version() const {
  if (group.empty()) return std::string(version);
  return fmt::format("{}/{}", group, version);
}

std::string Resource::path(std::string_view ns, std::string_view name) const {
  std::string path =
      group.empty() ? fmt::format("/api/{}", version) : fmt::format("/apis/{}/{}", group, version);
  if (!ns.empty()) path.append("/namespaces/").append(net::percent_encode(ns));
  path.append("/").append(plural);
  if (!name.empty()) path.append("/").append(net::percent_encode(name));
  return path;
}

/// One request before it has a URL and credentials; kept until its answer is accepted.
struct Api::Call {
  Method method = Method::get;
  std::string path;
  std::string query;
  std::string_view accept = kJson;
  std::string_view content_type = kJson;
  base::SecretBytes body;
  base::Duration timeout{};
  std::string operation;  ///< label of the metric: "patch secrets"
  bool confidential = false;
  Question question;
  bool whole_object = true;  ///< addresses one object, so `named` must be true
  bool named = true;
};

Api::Api(net::Http& requests, net::Http& watches, Authority& authority, base::Clock& clock,
         telemetry::Metrics& metrics, std::string server_url, std::string field_manager)
    : requests_(requests),
      watches_(watches),
      authority_(authority),
      clock_(clock),
      metrics_(metrics),
      server_url_(std::move(server_url)),
      field_manager_(std::move(field_manager)),
      timeout_(kObjectTimeout) {
  while (server_url_.ends_with('/')) server_url_.pop_back();
}

Api Api::with_timeout(base::Duration timeout) const {
  Api copy = *this;
  copy.timeout_ = timeout;
  return copy;
}

Api::Call Api::make_call(std::string_view verb, Method method, Resource resource,
                         std::string_view ns, std::string_view name) const {
  Call call;
  call.method = method;
  call.path = resource.path(ns, name);
  call.timeout = timeout_;
  call.operation = fmt::format("{} {}", verb, resource.plural);
  call.named = !name.empty();
  call.question.subject = call.operation;
  if (!ns.empty() || !name.empty()) {
    const std::string_view slash = ns.empty() || name.empty() ? "" : "/";
    call.question.subject += fmt::format(" {}{}{}", ns, slash, name);
  }
  call.question.group = resource.group;
  call.question.plural = resource.plural;
  const bool writes = method == Method::post || method == Method::put || method == Method::patch;
  if (writes) call.query = "fieldManager=" + net::percent_encode(field_manager_);
  call.question.carries_secret = writes && is_secret(resource);
  call.confidential = is_secret(resource);
  return call;
}

base::Task<Api::Answer> Api::get(Resource resource, std::string ns, std::string name, View view) {
  Call call = make_call("get", Method::get, resource, ns, name);
  if (view == View::metadata) call.accept = kObjectMetadata;
  co_return co_await send(std::move(call));
}

base::Task<Api::Answer> Api::create(Resource resource, std::string ns, base::SecretBytes body) {
  Call call = make_call("create", Method::post, resource, ns, {});
  call.whole_object = false;
  call.body = std::move(body);
  co_return co_await send(std::move(call));
}

base::Task<Api::Answer> Api::replace(Resource resource, std::string ns, std::string name,
                                     base::SecretBytes body, std::string_view subresource) {
  Call call = make_call("update", Method::put, resource, ns, name);
  if (!subresource.empty()) call.path.append("/").append(subresource);
  call.body = std::move(body);
  co_return co_await send(std::move(call));
}

base::Task<Api::Answer> Api::patch(Resource resource, std::string ns, std::string name,
                                   base::SecretBytes body, PatchOptions options) {
  Call call = make_call("patch", Method::patch, resource, ns, name);
  if (!options.subresource.empty()) call.path.append("/").append(options.subresource);
  if (options.type == PatchType::apply && options.force) call.query += "&force=true";
  if (options.view == View::metadata) call.accept = kObjectMetadata;
  call.content_type = content_type(options.type);
  call.question.json_patch = options.type == PatchType::json;
  call.body = std::move(body);
  co_return co_await send(std::move(call));
}

base::Task<base::Result<>> Api::remove(Resource resource, std::string ns, std::string name,
                                       Preconditions preconditions) {
  base::JsonWriter json;
  json.begin_object().member("kind", "DeleteOptions").member("apiVersion", "v1");
  json.key("preconditions").begin_object();
  if (!preconditions.uid.empty()) json.member("uid", preconditions.uid);
  if (!preconditions.resource_version.empty()) {
    json.member("resourceVersion", preconditions.resource_version);
  }
  json.end_object().end_object();

  Call call = make_call("delete", Method::del, resource, ns, name);
  call.accept = kObjectMetadata;  // the answer may be the deleted object: not its data
  call.body = std::move(json).take();
  const auto response = co_await exchange(std::move(call));
  if (!response) co_return std::unexpected(response.error());
  co_return base::Result<>();
}

base::Task<Api::Answer> Api::list(Resource resource, std::string ns, std::string query, View view) {
  const auto body = co_await page(resource, std::move(ns), std::move(query), view);
  if (!body) co_return std::unexpected(body.error());
  co_return parse(fmt::format("list {}", resource.plural), body->view());
}

base::Task<base::Result<base::SecretBytes>> Api::page(Resource resource, std::string ns,
                                                      std::string query, View view) {
  Call call = make_call("list", Method::get, resource, ns, {});
  call.whole_object = false;
  call.query = std::move(query);
  call.timeout = kListTimeout;
  if (view == View::metadata) call.accept = kListMetadata;
  auto response = co_await exchange(std::move(call));
  if (!response) co_return std::unexpected(std::move(response.error()));
  co_return std::move(response->body);
}

base::Task<Api::Answer> Api::raw(Method method, std::string path, base::SecretBytes body) {
  Call call;
  call.method = method;
  call.whole_object = false;
  call.timeout = timeout_;
  const auto question_mark = path.find('?');
  call.operation = fmt::format("{} {}", to_string(method), path.substr(0, question_mark));
  call.question.subject = call.operation;
  call.path = std::move(path);
  call.body = std::move(body);
  co_return co_await send(std::move(call));
}

base::Task<Api::Answer> Api::send(Call call) {
  const std::string subject = call.question.subject;
  const auto response = co_await exchange(std::move(call));
  if (!response) co_return std::unexpected(response.error());
  co_return parse(subject, response->body.view());
}

Api::Answer Api::parse(std::string_view subject, std::string_view body) {
  auto document = base::JsonDocument::parse(body);
  if (document) return document;
  // Not the API server's doing: something in between answered, or cut the body.
  return base::fail(Failure::transient, "MalformedAnswer",
                    fmt::format("{}: the answer is not JSON; is a proxy in between?", subject));
}

base::Task<base::Result<net::Response>> Api::exchange(Call call) {
  if (call.whole_object && !call.named) co_return std::unexpected(empty_name(call.question));
  const base::Instant before = clock_.now();
  auto response = co_await exchange_once(call);
  if (response && response->status == 401) {
    authority_.rejected(before);
    response = co_await exchange_once(call);
  }
  if (!response) co_return base::fail(std::move(response.error()), call.question.subject);
  if (!succeeded(response->status)) {
    co_return std::unexpected(
        classify(call.question, response->status, response->headers, response->body.view()));
  }
  co_return std::move(*response);
}

base::Task<base::Result<net::Response>> Api::exchange_once(const Call& call) {
  std::string url = server_url_ + call.path;
  if (!call.query.empty()) url.append("?").append(call.query);
  net::Request request(call.method, std::move(url));
  request.timeout = call.timeout;
  request.confidential = call.confidential;
  request.headers.set("Accept", call.accept);
  if (!call.body.empty()) {
    request.headers.set("Content-Type", call.content_type);
    request.body = call.body.clone();  // once more after a 401
  }
  const auto authorised = co_await authority_.authorise(request);
  if (!authorised) co_return std::unexpected(authorised.error());

  const base::Instant start = clock_.now();
  auto response = co_await requests_.send(std::move(request));
  const std::string code = response ? fmt::format("{}", response->status) : response.error().code;
  metrics_.api_call("kubernetes", call.operation, code, clock_.now() - start);
  if (response) learn_time(response->headers, start);
  co_return response;
}

void Api::learn_time(const net::Headers& headers, base::Instant sent) {
  const auto text = headers.find("Date");
  const auto date = text ? base::parse_http_date(*text) : std::nullopt;
  if (date) server_time_->learn(*date, sent, clock_.now());
}

base::Task<base::Result<std::unique_ptr<net::Stream>>> Api::watch(Resource resource, std::string ns,
                                                                  std::string query, View view,
                                                                  base::Duration timeout) {
  const Call call = make_call("watch", Method::get, resource, ns, {});
  const std::string url = server_url_ + call.path + "?" + query;
  for (bool second_try = false;; second_try = true) {
    net::Request request(Method::get, url);
    request.timeout = timeout;
    const std::string_view accept = view == View::metadata ? kObjectMetadata : kJson;
    request.headers.set("Accept", accept);
    const base::Instant before = clock_.now();
    const auto authorised = co_await authority_.authorise(request);
    if (!authorised) co_return base::fail(authorised.error(), call.question.subject);

    const base::Instant start = clock_.now();
    auto stream = co_await watches_.open(std::move(request));
    const std::string code = stream ? fmt::format("{}", (*stream)->status()) : stream.error().code;
    metrics_.api_call("kubernetes", call.operation, code, clock_.now() - start);
    if (!stream) co_return base::fail(std::move(stream.error()), call.question.subject);
    learn_time((*stream)->headers(), start);
    const int status = (*stream)->status();
    if (succeeded(status)) co_return std::move(*stream);
    if (status == 401 && !second_try) {
      authority_.rejected(before);
      continue;
    }
    base::SecretBytes refusal;
    while (refusal.size() < kMaxRefusal) {
      const auto piece = co_await (*stream)->read();
      if (!piece || piece->empty()) break;
      refusal.append(piece->view());
    }
    co_return std::unexpected(
        classify(call.question, status, (*stream)->headers(), refusal.view()));
  }
}

}  // namespace edsm::kube
