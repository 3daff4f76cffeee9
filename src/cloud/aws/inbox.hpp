#pragma once

#include <memory>
#include <string>

#include "cloud/aws/sqs.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// One SQS queue as cloud::Inbox: the calls, and the decoding of what they bring.
class SqsInbox final : public Inbox {
 public:
  SqsInbox(std::unique_ptr<Sqs> sqs, base::Clock& clock);

  std::string_view name() const override { return name_; }
  base::Task<base::Result<InboxFacts>> describe() override { return sqs_->attributes(); }
  base::Task<base::Result<std::vector<Message>>> receive() override;
  base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> tickets) override;
  base::Task<std::vector<base::Result<>>> hold(std::vector<std::string> tickets,
                                               base::Duration time) override;

 private:
  std::unique_ptr<Sqs> sqs_;
  base::Clock& clock_;
  std::string name_;
};

}  // namespace edsm::cloud::aws
