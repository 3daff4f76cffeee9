#include "kube/config.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kube/files.hpp"
#include "kube/incluster.hpp"
#include "kube/kubeconfig.hpp"

namespace edsm::kube {
namespace {

/// The entries of KUBECONFIG, each once, in order.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> files;
  while (!list.empty()) {
    const auto colon = std::min(list.find(':'), list.size());
    std::string file(list.substr(0, colon));
    list.remove_prefix(std::min(colon + 1, list.size()));
    if (!file.empty() && std::ranges::find(files, file) == files.end()) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace

base::Result<Config> load_config(const Getenv& getenv, std::string_view explicit_path,
                                 std::string_view context) {
  if (!explicit_path.empty()) return read_kubeconfig({std::string(explicit_path)}, context);

  const std::string listed = getenv("KUBECONFIG").value_or("");
  if (!listed.empty()) {
    std::vector<std::string> files = split(listed);
    std::erase_if(files, [](const std::string& file) { return !file_exists(file); });
    if (files.empty()) {
      return base::fail(
          base::Failure::invalid, "NoConfiguration",
          fmt::format("none of the files in KUBECONFIG ({}) exists; correct or unset it", listed));
    }
    return read_kubeconfig(files, context);
  }

  if (in_cluster(getenv)) return read_in_cluster(getenv);

  const std::string home = getenv("HOME").value_or("");
  const std::string file = home + "/.kube/config";
  if (!home.empty() && file_exists(file)) return read_kubeconfig({file}, context);
  return base::fail(
      base::Failure::invalid, "NoConfiguration",
      fmt::format("no Kubernetes configuration: KUBECONFIG is not set, "
                  "KUBERNETES_SERVICE_HOST and _PORT are not set (not in a pod), and {} "
                  "does not exist; set KUBECONFIG",
                  home.empty() ? "~/.kube/config (HOME is not set)" : file));
}

}  // namespace edsm::kube
