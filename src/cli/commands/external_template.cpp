#include "cli/commands/external_template.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "cli/commands/external_secrets.hpp"
#include "sync/names.hpp"

namespace edsm::cli {
namespace {

/// The key in "{{ .key }}", with or without "| toString"; empty if it is another template.
std::string key_in(std::string_view text) {
  const auto trim = [](std::string_view words) {
    const auto first = words.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return std::string_view();
    return words.substr(first, words.find_last_not_of(" \t\r\n") - first + 1);
  };
  text = trim(text);
  if (!text.starts_with("{{") || !text.ends_with("}}") || text.size() < 5) return {};
  text = trim(text.substr(2, text.size() - 4));
  if (const auto pipe = text.find('|'); pipe != std::string_view::npos) {
    if (trim(text.substr(pipe + 1)) != "toString") return {};
    text = trim(text.substr(0, pipe));
  }
  const bool field = text.starts_with('.') && text.size() > 1;
  if (!field) return {};
  const auto name = text.substr(1);
  const bool plain = name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_") == std::string_view::npos;
  return plain ? std::string(name) : std::string();
}

/// What tools keep on an object about that object.
bool is_about_the_object(std::string_view name) {
  return name == sync::kManagedLabel || name.starts_with("secrets.edsm.io/") ||
         name.starts_with("kubectl.kubernetes.io/");
}

void read_marks(const boost::json::value& object, std::string_view path, std::string_view what,
                sync::StringMap& marks, Template& done) {
  const auto* const members = base::object_at(object, path);
  if (members == nullptr) return;
  for (const auto& [name, value] : *members) {
    if (!value.is_string() || is_about_the_object(name)) continue;
    const std::string_view text = value.get_string();
    if (text.contains("{{")) {
      done.lost.push_back(
          fmt::format("{} {} of the Secret, which is a template", what, std::string_view(name)));
    } else {
      marks.emplace(name, text);
    }
  }
}

void read_data(const boost::json::value& form, Template& done) {
  done.merges = base::string_at(form, "mergePolicy") == "Merge";
  if (const auto* const from = base::array_at(form, "templateFrom"); from && !from->empty()) {
    done.refused.emplace_back("target.template.templateFrom makes the Secret's data of templates");
  }
  const auto* const data = base::object_at(form, "data");
  if (data == nullptr) return;
  for (const auto& [name, value] : *data) {
    const auto from = value.is_string() ? key_in(value.get_string()) : std::string();
    if (from.empty()) {
      done.refused.push_back(fmt::format("target.template.data {} is made by a template, not read",
                                         std::string_view(name)));
    } else {
      done.renamed.emplace(name, from);
    }
  }
}

}  // namespace

Template read_template(const boost::json::value& external_secret, WishedBinding& wish) {
  Template done;
  const auto* const form = base::find_path(external_secret, "spec.target.template");
  if (form == nullptr) {
    read_marks(external_secret, "metadata.labels", "label", wish.labels, done);
    read_marks(external_secret, "metadata.annotations", "annotation", wish.annotations, done);
    return done;
  }
  wish.type = base::string_at(*form, "type");
  read_marks(*form, "metadata.labels", "label", wish.labels, done);
  read_marks(*form, "metadata.annotations", "annotation", wish.annotations, done);
  read_data(*form, done);
  return done;
}

}  // namespace edsm::cli
