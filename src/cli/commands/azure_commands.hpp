#pragma once

#include <string>
#include <string_view>

#include "cloud/azure/queue.hpp"

/// Commands of `az` that mend or show what `edsm doctor` cannot. Pure.
namespace edsm::cli {

/// As an argument: the resource id of a queue or subscription, or of a vault and perhaps one of its
/// secrets. Nobody has to know their resource group.
std::string resource_id(const cloud::azure::Queue& queue);
std::string resource_id(std::string_view vault, std::string_view secret);

/// Gives a role on a resource id.
std::string assign_role(std::string_view role, std::string_view assignee,
                        std::string_view resource);

/// Shows what only who may manage a queue sees of it.
std::string show_entity(const cloud::azure::Queue& queue);
/// Shows where a vault's events go.
std::string list_event_subscriptions(std::string_view vault);

}  // namespace edsm::cli
