#pragma once

#include <memory>
#include <string>

#include "cloud/gcp/deliveries.hpp"
#include "cloud/gcp/pubsub.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

/// One Pub/Sub subscription as cloud::Inbox: the calls, and the decoding of what they bring.
class PubsubInbox final : public Inbox {
 public:
  /// `projects` is what the provider learns of them; what events tell goes into `births`.
  PubsubInbox(std::unique_ptr<Pubsub> pubsub, const Projects& projects, Births& births,
              base::Clock& clock);

  std::string_view name() const override { return name_; }
  base::Duration stuck_after() const override;
  base::Task<base::Result<InboxFacts>> describe() override { return pubsub_->facts(); }
  base::Task<base::Result<std::vector<Message>>> receive() override;
  base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> tickets) override;
  /// Never hands back at once: what is handed back comes again in the same moment, and so on. The
  /// shortest hold is the shortest deadline that a subscription has.
  base::Task<std::vector<base::Result<>>> hold(std::vector<std::string> tickets,
                                               base::Duration time) override;

 private:
  Message decode(PubsubMessage raw);

  std::unique_ptr<Pubsub> pubsub_;
  const Projects& projects_;
  Births& births_;
  base::Clock& clock_;
  std::string name_;
  Deliveries deliveries_;
};

}  // namespace edsm::cloud::gcp
