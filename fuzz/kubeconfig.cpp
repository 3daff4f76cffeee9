// A kubeconfig file.
#include "kube/kubeconfig.hpp"

#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "base/json.hpp"
#include "kube/yaml.hpp"
#include "net/url.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

/// A file that is in memory only.
class File {
 public:
  explicit File(std::string_view bytes) : file_(::memfd_create("kubeconfig", 0)) {
    must(::write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
         "written");
  }
  ~File() { ::close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

}  // namespace

void one_input(std::string_view bytes) {
  const auto yaml = kube::load_yaml(bytes, "kubeconfig");
  if (yaml) {
    base::JsonWriter json;
    kube::yaml_to_json(*yaml, json);
    must(base::JsonDocument::parse(json.bytes().view()).has_value(), "YAML becomes JSON");
  } else {
    must(yaml.error().text.size() < 1000, "errors are short");
  }

  const File file(bytes);
  const auto config = kube::read_kubeconfig({file.path()}, "");
  if (!config) {
    must(!config.error().text.empty(), "an error says what is wrong");
    return;
  }
  must(yaml.has_value(), "what can be used can be read");
  must(net::Url::parse(config->server).has_value(), "the server can be called");
  must(config->transport.client_cert_pem.empty() == config->transport.client_key_pem.empty(),
       "a certificate has its key");
  must(!config->exec || !config->exec->command.empty(), "a plugin has a program");
}

}  // namespace edsm::fuzz
