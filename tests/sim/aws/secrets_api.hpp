#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "sim/aws/faults.hpp"
#include "sim/aws/secrets.hpp"
#include "sim/common/calls.hpp"

namespace edsm::sim::aws {

/// The reading operations of Secrets Manager: JSON in, JSON out. Filters are refused, since EDSM
/// uses none.
class SecretsApi {
 public:
  SecretsApi(Timeline& timeline, const Faults& faults) : timeline_(timeline), faults_(faults) {}

  /// Notes in `call` which secrets were asked for and which values are handed out.
  Answer<boost::json::object> answer(Secrets& secrets, std::string_view operation,
                                     const boost::json::object& input, CloudCall& call);
  /// NextTokens that were given so far are worth nothing any more.
  void expire_tokens() { ++token_age_; }

 private:
  Answer<boost::json::object> get(Secrets& secrets, const boost::json::object& input,
                                  CloudCall& call);
  Answer<boost::json::object> batch_get(Secrets& secrets, const boost::json::object& input,
                                        CloudCall& call);
  Answer<boost::json::object> list(Secrets& secrets, const boost::json::object& input,
                                   const CloudCall& call);
  Answer<boost::json::object> describe(Secrets& secrets, const boost::json::object& input,
                                       CloudCall& call);

  /// A value, if it may be read and can be.
  Answer<boost::json::object> value(Secrets& secrets, std::string_view id, std::string_view version,
                                    std::string_view stage, CloudCall& call);
  Answer<Secret*> find(Secrets& secrets, std::string_view operation, std::string_view id);
  std::string token_for(std::uint64_t position) const;
  Answer<std::uint64_t> position_of(const boost::json::object& input) const;

  Timeline& timeline_;
  const Faults& faults_;
  unsigned token_age_ = 1;
};

/// What IAM says when it does not allow an operation.
ServiceError access_denied(Api api, std::string_view operation, std::string_view resource);

}  // namespace edsm::sim::aws
