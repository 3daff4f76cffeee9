#include "cloud/aws/shared_config.hpp"

#include <fmt/format.h>

#include "base/wiping_memory.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using Sections = std::map<std::string, Section, std::less<>>;

std::unexpected<base::Error> malformed(int line, std::string_view why) {
  return base::fail(base::Failure::invalid, "MalformedConfig",
                    fmt::format("line {}: {}", line, why));
}

/// A comment begins with '#' or ';' after white space.
std::string_view without_comment(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    const bool blank_before = text[at - 1] == ' ' || text[at - 1] == '\t';
    if (blank_before && (text[at] == '#' || text[at] == ';')) return text.substr(0, at);
  }
  return text;
}

/// "profile   'my one'" -> "profile my one"
std::string section_name(std::string_view text) {
  std::string name;
  for (const char c : trim(text)) {
    if (c == '"' || c == '\'') continue;
    const bool blank = c == ' ' || c == '\t';
    if (blank && name.ends_with(' ')) continue;
    name.push_back(blank ? ' ' : c);
  }
  return name;
}

/// Reads line by line; remembers the section and the key that an indented line belongs to.
class IniReader {
 public:
  base::Result<> line(std::string_view text, int number) {
    const std::string_view content = trim(text);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) return {};
    if (content.starts_with('[')) return header(content, number);
    if (section_ == nullptr) return malformed(number, "a key before the first [section]");
    const bool indented = text.front() == ' ' || text.front() == '\t';
    if (indented && outer_key_.empty())
      return malformed(number, "an indented line without a key above it");
    if (indented) return continuation(content);
    return assignment(content, number);
  }
  Sections take() && { return std::move(sections_); }

 private:
  base::Result<> header(std::string_view content, int number) {
    const auto close = content.find(']');
    if (close == std::string_view::npos) return malformed(number, "a [section] without its \"]\"");
    section_ = &sections_[section_name(content.substr(1, close - 1))];
    outer_key_.clear();
    return {};
  }

  base::Result<> assignment(std::string_view content, int number) {
    const auto equals = content.find('=');
    if (equals == std::string_view::npos) return malformed(number, "expected \"key = value\"");
    const std::string key = lower(trim(content.substr(0, equals)));
    if (key.empty()) return malformed(number, "a value without a key");
    outer_key_ = key;
    section_->insert_or_assign(key, std::string(trim(without_comment(content.substr(equals + 1)))));
    return {};
  }

  base::Result<> continuation(std::string_view content) {
    const auto equals = content.find('=');
    std::string& outer = (*section_)[outer_key_];
    if (outer.empty() && equals != std::string_view::npos) {
      const std::string key = outer_key_ + "." + lower(trim(content.substr(0, equals)));
      section_->insert_or_assign(key,
                                 std::string(trim(without_comment(content.substr(equals + 1)))));
    } else {
      outer.append("\n").append(content);
    }
    return {};
  }

  Sections sections_;
  Section* section_ = nullptr;
  std::string outer_key_;
};

void hide_secrets(Section& section) {
  for (const std::string_view key : {"aws_secret_access_key", "aws_session_token"}) {
    const auto found = section.find(key);
    if (found == section.end() || found->second.empty()) continue;
    base::wipe(found->second.data(), found->second.size());
    found->second = "set";
  }
}

base::Result<Sections> read_sections(const std::string& path, const ReadFile& read) {
  if (path.empty()) return Sections();
  const auto bytes = read(path);
  if (!bytes && bytes.error().failure == base::Failure::absent) return Sections();
  if (!bytes) return std::unexpected(bytes.error());
  auto sections = parse_ini(bytes->view());
  if (!sections) return base::fail(std::move(sections.error()), path);
  return sections;
}

void merge(Section section, Section& into) {
  hide_secrets(section);
  for (auto& [key, value] : section) into.insert_or_assign(key, std::move(value));
}

}  // namespace

base::Result<Sections> parse_ini(std::string_view text) {
  IniReader reader;
  int number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (auto read = reader.line(line, number); !read)
      return std::unexpected(std::move(read.error()));
  }
  return std::move(reader).take();
}

SharedConfigPaths shared_config_paths(const Getenv& env) {
  SharedConfigPaths paths;
  const std::string home = lookup(env, "HOME").value_or("");
  const auto in_home = [&home](std::string_view name) {
    return home.empty() ? std::string() : fmt::format("{}/.aws/{}", home, name);
  };
  const auto path = [&](std::string_view variable, std::string_view name) {
    auto value = lookup(env, variable).value_or(in_home(name));
    if (value.starts_with("~/") && !home.empty()) value.replace(0, 1, home);
    return value;
  };
  paths.config = path("AWS_CONFIG_FILE", "config");
  paths.credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  if (auto profile = lookup(env, "AWS_PROFILE")) {
    paths.profile = std::move(*profile);
    paths.profile_is_explicit = true;
  }
  return paths;
}

const Section* SharedConfig::find_profile(std::string_view name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::string_view SharedConfig::value(std::string_view key) const {
  const Section* const section = find_profile(profile);
  if (section == nullptr) return {};
  const auto found = section->find(key);
  return found == section->end() ? std::string_view() : std::string_view(found->second);
}

base::Result<SharedConfig> load_shared_config(const SharedConfigPaths& paths,
                                              const ReadFile& read) {
  auto config = read_sections(paths.config, read);
  if (!config) return std::unexpected(std::move(config.error()));
  auto credentials = read_sections(paths.credentials, read);
  if (!credentials) return std::unexpected(std::move(credentials.error()));

  SharedConfig result;
  result.profile = paths.profile;
  for (auto& [name, section] : *config) {
    if (name == "default") {
      merge(std::move(section), result.profiles["default"]);
    } else if (name.starts_with("profile ")) {
      merge(std::move(section), result.profiles[name.substr(8)]);
    } else if (name.starts_with("services ")) {
      result.services[name.substr(9)] = std::move(section);
    }
  }
  for (auto& [name, section] : *credentials) merge(std::move(section), result.profiles[name]);
  if (paths.profile_is_explicit && result.find_profile(paths.profile) == nullptr) {
    return base::fail(
        base::Failure::invalid, "NoSuchProfile",
        fmt::format("AWS_PROFILE names the profile \"{}\", which neither {} nor {} has; add "
                    "it or unset AWS_PROFILE",
                    paths.profile, paths.config, paths.credentials));
  }
  return result;
}

}  // namespace edsm::cloud::aws
