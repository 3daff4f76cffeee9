#pragma once

#include <optional>
#include <string>
#include <string_view>

/// How Google names projects, secrets and their versions.
namespace edsm::cloud::gcp {

/// Where secrets are that were not put into one region.
inline constexpr std::string_view global = "global";
/// In the place of a project: the one that the controller runs in. Nobody can write it.
inline constexpr std::string_view own_project = "-";
/// The version that a name without one means.
inline constexpr std::string_view latest = "latest";

/// projects/P[/locations/L]/secrets/S[/versions/V]
struct SecretName {
  std::string project;           ///< its ID or its number
  std::string location{global};  ///< a region, or "global"
  std::string secret;
  std::string version;  ///< a number, an alias, "latest"; empty: none was named
  bool operator==(const SecretName&) const = default;

  /// "projects/P[/locations/L]/secrets/S": what permissions are granted on.
  std::string resource() const;
};
/// nullopt if it is none. //secretmanager.googleapis.com/ may stand in front.
std::optional<SecretName> parse_secret_name(std::string_view text);
/// "S" or "S/versions/V"; project and location stay empty and global.
std::optional<SecretName> parse_short_name(std::string_view text);

/// "/v1/" and a full name of anything, each part of it percent-encoded.
std::string path_to(std::string_view resource);

/// An ID ("shop-123456", "example.com:shop") or a number.
bool valid_project(std::string_view text);
/// True if it is a number: IDs begin with a letter.
bool is_project_number(std::string_view project);
/// True for what can be one label of a host name: anything else must never reach a URL.
bool valid_location(std::string_view text);
bool valid_secret_id(std::string_view text);
/// A version's number.
bool is_version_number(std::string_view text);
/// A number, an alias, or "latest".
bool valid_version(std::string_view text);

}  // namespace edsm::cloud::gcp
