#include "cli/commands/trace.hpp"

#include <fmt/format.h>

#include "cli/commands/timeline.hpp"

namespace edsm::cli {
namespace {

base::Task<int> trace(ClusterAccess access, std::string name, Output output) {
  auto key = key_of(name, access.namespaces.front());
  const auto traces = co_await read_traces(access, std::move(key));
  if (!traces) {
    complain(base::describe(traces.error()));
    co_return 1;
  }
  fmt::print("{}", show_trace(*traces, access.api.wall(), output, terminal_width()));
  co_return 0;
}

}  // namespace

int run_trace(const TraceOptions& options) {
  return with_cluster(options.cluster, [&](ClusterAccess access) {
    return trace(std::move(access), options.binding, options.output);
  });
}

}  // namespace edsm::cli
