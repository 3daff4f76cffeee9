#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "base/error.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"

namespace edsm::cli {

/// Whether the controller that runs in this namespace was started with --tenancy=audit or enforce,
/// by the arguments of its Deployment; false, too, if there is none.
base::Task<base::Result<bool>> tenancy_is_on(kube::Api& api, std::string own_namespace);

/// Pure: whether one of a Deployment's containers is called like that.
bool runs_with_tenancy(const boost::json::value& deployment);

}  // namespace edsm::cli
