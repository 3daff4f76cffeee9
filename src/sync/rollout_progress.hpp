#pragma once

#include <string_view>

#include <boost/json/value.hpp>

namespace edsm::sync {

/// Whether the pods of a workload run with its template as it is now and are available, by its
/// status: the rules of `kubectl rollout status`, which also hold for OnDelete here. A StatefulSet
/// with a partition is through when the pods above it are. Pure.
///
/// `kind` is Deployment, StatefulSet or DaemonSet; `object` is the whole object.
/// Source: kubectl, pkg/polymorphichelpers/rollout_status.go.
bool rolled_out(std::string_view kind, const boost::json::value& object);

}  // namespace edsm::sync
