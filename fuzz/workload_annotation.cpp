// The annotations of workloads: which Secrets they name (first line), what they were rolled out
// with.
#include <set>

#include <boost/json/object.hpp>

#include "sync/names.hpp"
#include "sync/workload.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

std::optional<sync::Workload> workload(std::string_view names, std::string_view records) {
  boost::json::object annotations;
  annotations[sync::kWorkloadAnnotations[0]] = names;
  annotations[sync::kRolledOutAnnotation] = records;
  boost::json::object metadata;
  metadata["annotations"] = std::move(annotations);
  boost::json::object object;
  object["metadata"] = std::move(metadata);
  return sync::decode_workload(object, kube::kDeployments);
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const auto line = input.take_line();
  const auto names = sync::parse_secret_names(line);
  const auto decoded = workload(line, input.rest());
  must(decoded.has_value(), "an annotated workload is known");
  must(decoded->annotation_error.empty() == names.has_value(), "a bad annotation is said");
  if (names) {
    const std::set<std::string_view> distinct(names->begin(), names->end());
    must(distinct.size() == names->size(), "each name is there once");
    must(!distinct.contains(""), "no name is empty");
    must(decoded->secrets == *names, "the annotation is what counts");
  }
  const auto again = workload(line, sync::write_records(decoded->records));
  must(again->records == decoded->records, "records come back as they were");
}

}  // namespace edsm::fuzz
