#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace edsm::cli {

/// A page of metrics in Prometheus' text format, as EDSM serves it.
class MetricsPage {
 public:
  using Labels = std::map<std::string, std::string>;

  explicit MetricsPage(std::string_view text);
  bool has(std::string_view name) const;
  /// The sum of the samples of that name that have all of these labels; 0 without any: counters
  /// appear when they first count.
  double sum(std::string_view name, const Labels& labels) const;

 private:
  struct Sample {
    std::string name;
    Labels labels;
    double value = 0;
  };
  static bool read_labels(std::string_view text, Labels& labels);
  std::vector<Sample> samples_;
};

}  // namespace edsm::cli
