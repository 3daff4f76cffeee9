#include "cli/commands/metrics_page.hpp"

#include <algorithm>
#include <charconv>

namespace edsm::cli {
namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Up to the closing quote, which is taken away, too.
std::string quoted(std::string_view& text) {
  std::string result;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) {
      text.remove_prefix(1);
      result += text.front() == 'n' ? '\n' : text.front();
    } else {
      result += text.front();
    }
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return result;
}

}  // namespace

bool MetricsPage::read_labels(std::string_view text, Labels& labels) {
  while (!text.empty() && text.front() != '}') {
    const auto equals = text.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    labels[name] = quoted(text);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return true;
}

MetricsPage::MetricsPage(std::string_view text) {
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.empty() || line.front() == '#') continue;
    const auto space = line.rfind(' ');
    if (space == std::string_view::npos) continue;
    const auto head = line.substr(0, space);
    const auto brace = head.find('{');
    Sample sample;
    sample.name = head.substr(0, brace);
    const auto number = line.substr(space + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), sample.value);
    if (error != std::errc()) continue;
    if (brace != std::string_view::npos && !read_labels(head.substr(brace + 1), sample.labels))
      continue;
    samples_.push_back(std::move(sample));
  }
}

bool MetricsPage::has(std::string_view name) const {
  return std::ranges::find(samples_, name, &Sample::name) != samples_.end();
}

double MetricsPage::sum(std::string_view name, const Labels& labels) const {
  double total = 0;
  for (const auto& sample : samples_) {
    const bool wanted = sample.name == name && std::ranges::all_of(labels, [&](const auto& label) {
                          const auto found = sample.labels.find(label.first);
                          return found != sample.labels.end() && found->second == label.second;
                        });
    if (wanted) total += sample.value;
  }
  return total;
}

}  // namespace edsm::cli
