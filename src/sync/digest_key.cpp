#include "sync/digest_key.hpp"

#include <optional>
#include <utility>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"

namespace edsm::sync {
namespace {

constexpr std::string_view kName = "edsm-digest-key";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 4;

base::SecretBytes fresh_key_secret(std::string_view ns) {
  const auto key = base::random_bytes(kKeyBytes);
  const auto id = base::hex(base::random_bytes(kIdBytes).view());
  base::JsonWriter json;
  json.begin_object().member("apiVersion", "v1").member("kind", "Secret").member("type", "Opaque");
  json.key("metadata").begin_object().member("name", kName).member("namespace", ns).end_object();
  json.key("data").begin_object();
  json.key("id").base64(id);
  json.key("key").base64(key.view());
  json.end_object().end_object();
  return std::move(json).take();
}

std::optional<Digester> decode(const boost::json::value& secret) {
  auto id = base::base64_decode(base::string_at(secret, "data.id"));
  auto key = base::base64_decode(base::string_at(secret, "data.key"));
  if (!id || !key || id->empty() || key->size() < kKeyBytes) return std::nullopt;
  return Digester(std::string(id->view()), std::move(*key));
}

}  // namespace

base::Task<base::Result<Digester>> load_digest_key(kube::Api& api, std::string ns) {
  const std::string name(kName);
  const std::string where = "Secret " + ns + "/" + name + " with the digest key";
  // Two replicas may start at once: whoever is second reads what the first one made.
  for (int round = 0; round < 3; ++round) {
    auto found = co_await api.get(kube::kSecrets, ns, name);
    if (found) {
      if (auto digester = decode(found->root())) co_return std::move(*digester);
      co_return base::fail(base::Failure::invalid, "BadDigestKey",
                           where + " does not hold `id` and `key`: delete it, a new one is made");
    }
    if (found.error().failure != base::Failure::absent)
      co_return base::fail(std::move(found.error()), where);
    auto body = fresh_key_secret(ns);
    auto made = co_await api.create(kube::kSecrets, ns, std::move(body));
    if (!made && made.error().failure != base::Failure::conflict) {
      co_return base::fail(std::move(made.error()), where);
    }
  }
  co_return base::fail(base::Failure::transient, "DigestKey", where + " comes and goes");
}

}  // namespace edsm::sync
