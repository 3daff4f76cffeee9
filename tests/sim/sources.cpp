#include "sim/sources.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

#include <fmt/format.h>

#include "sim/cluster/store.hpp"

namespace edsm::sim {
namespace {

Past past_of(const aws::Current& current) {
  const auto state = current.deleted() ? Past::State::gone : Past::State::live;
  return {current.since, state, current.bytes};
}

Past past_of(const gcp::Current& current) {
  using State = gcp::Current::State;
  const auto state = current.state == State::live       ? Past::State::live
                     : current.state == State::disabled ? Past::State::disabled
                                                        : Past::State::gone;
  return {current.since, state, current.bytes};
}

/// What the binding wants of its secret: mostly the latest version, sometimes an alias, rarely the
/// first version.
std::string_view version_for(std::uint64_t lot) {
  static constexpr std::array<std::string_view, 6> versions = {"latest", "latest", "latest",
                                                               kAlias,   kAlias,   "1"};
  return versions[lot % versions.size()];
}

}  // namespace

bool News::concerns(const Wanted& wanted) const {
  using Change = gcp::Publication::Change;
  if (wanted.path != path) return false;
  if (!wanted.google || change == Change::secret) return true;
  const bool alias = wanted.version == kAlias;
  if (change == Change::metadata) return alias;
  return alias || wanted.version == "latest" || wanted.version == version;
}

std::string Sources::path(unsigned secret) const {
  return fmt::format("prod{}s{}", scenario_.is_google(secret) ? '-' : '/', secret);
}

std::string Sources::google_path(std::string_view path) {
  return fmt::format("secrets/{}", path);
}

void Sources::name(Object& spec, unsigned secret, unsigned binding) const {
  if (!scenario_.is_google(secret)) {
    spec["cloudProvider"] = "aws";
    spec["cloudProviderOptions"] = {{"region", "eu-west-1"}};
    spec["secretPath"] = path(secret);
    return;
  }
  const std::uint64_t lot = scenario_.seed + binding + secret;
  const auto version = version_for(lot);
  auto text = path(secret);
  if (version != "latest" || lot % 2 == 0) text += fmt::format("/versions/{}", version);
  Object options;
  const auto& [project, number] = std::tie(gcp_.options().project, gcp_.options().number);
  if (lot % 5 == 0) {
    options["gcpProjectID"] = number;
  } else if (lot % 5 < 3) {
    options["gcpProjectID"] = project;
  } else {
    text = fmt::format("projects/{}/secrets/{}", lot % 5 == 3 ? project : number, text);
  }
  spec["cloudProvider"] = "gcp";
  spec["cloudProviderOptions"] = std::move(options);
  spec["secretPath"] = text;
}

Wanted Sources::wanted(const Object& spec) {
  const std::string_view text = text_of(spec, "secretPath");
  if (text_of(spec, "cloudProvider") != "gcp") return {false, std::string(text), {}};
  static constexpr std::string_view folder = "/secrets/";
  const auto folder_at = text.find(folder);
  const auto name =
      folder_at == std::string_view::npos ? text : text.substr(folder_at + folder.size());
  const auto slash = name.find('/');
  const auto version = name.substr(std::min(name.rfind('/') + 1, name.size()));
  return {true, std::string(name.substr(0, slash)),
          slash == std::string_view::npos ? "latest" : std::string(version)};
}

std::vector<Past> Sources::history(const Wanted& wanted) const {
  std::vector<Past> all;
  if (wanted.google) {
    for (const auto& each : gcp_.secrets().history(google_path(wanted.path), wanted.version))
      all.push_back(past_of(each));
  } else {
    for (const auto& each : aws_.secrets().history(wanted.path)) all.push_back(past_of(each));
  }
  return all;
}

Past Sources::current(const Wanted& wanted) const {
  if (wanted.google)
    return past_of(gcp_.secrets().current(google_path(wanted.path), wanted.version));
  const auto current = aws_.secrets().current(wanted.path);
  return current ? past_of(*current) : Past();
}

std::vector<std::string> Sources::values() const {
  std::vector<std::string> all = gcp_.secrets().values();
  for (const auto& [name, secret] : aws_.secrets().all()) {
    for (const auto& current : secret.history) all.push_back(current.bytes);
  }
  return all;
}

}  // namespace edsm::sim
