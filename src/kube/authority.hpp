#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/process_runner.hpp"
#include "kube/config.hpp"
#include "kube/exec_source.hpp"
#include "kube/token_file.hpp"

namespace edsm::kube {

/// The Authority behind make_authority, with its process runner exposed to tests.
class ConfigAuthority final : public Authority {
 public:
  ConfigAuthority(Config config, base::Clock& clock, std::unique_ptr<base::ProcessRunner> runner,
                  std::vector<SetTransport> transports);

  base::Task<base::Result<>> authorise(net::Request& request) override;
  void rejected(base::Instant when) override;

 private:
  bool has_credentials() const;
  base::Task<base::Result<std::string>> authorization();
  void look_at_files();
  bool take_new_ca();
  bool take_new_certificate();
  void equip();

  Config config_;
  base::Clock& clock_;
  std::unique_ptr<base::ProcessRunner> runner_;
  std::vector<SetTransport> transports_;
  TokenFile token_;
  std::unique_ptr<ExecSource> exec_;
  std::uint64_t exec_generation_ = 0;
  base::Instant looked_{};
};

}  // namespace edsm::kube
