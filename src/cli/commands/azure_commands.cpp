#include "cli/commands/azure_commands.hpp"

#include <fmt/format.h>

#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

std::string vault_id(std::string_view vault) {
  return fmt::format("$(az keyvault show --name {} --query id --output tsv)", vault);
}

}  // namespace

std::string resource_id(const cloud::azure::Queue& queue) {
  const std::string_view host = queue.host;
  constexpr std::string_view kSubscriptions = "/subscriptions/";
  const bool topic = cloud::lower(queue.entity).contains(kSubscriptions);
  return fmt::format(
      "\"$(az resource list --resource-type Microsoft.ServiceBus/namespaces --name {} --query "
      "'[0].id' --output tsv)/{}/{}\"",
      host.substr(0, host.find('.')), topic ? "topics" : "queues", queue.entity);
}

std::string resource_id(std::string_view vault, std::string_view secret) {
  if (secret.empty()) return fmt::format("\"{}\"", vault_id(vault));
  return fmt::format("\"{}/secrets/{}\"", vault_id(vault), secret);
}

std::string assign_role(std::string_view role, std::string_view assignee,
                        std::string_view resource) {
  return fmt::format("az role assignment create --role \"{}\" --assignee {} --scope {}", role,
                     assignee, resource);
}

std::string show_entity(const cloud::azure::Queue& queue) {
  return fmt::format(
      "az resource show --ids {} --query "
      "\"properties.{{sessions:requiresSession,partitioned:enablePartitioning,lock:lockDuration,"
      "deliveries:maxDeliveryCount,status:status,counts:countDetails}}\"",
      resource_id(queue));
}

std::string list_event_subscriptions(std::string_view vault) {
  return fmt::format(
      "az eventgrid event-subscription list --source-resource-id {} --query "
      "\"[].{{name:name,state:provisioningState,to:destination.resourceId,"
      "types:filter.includedEventTypes}}\"",
      resource_id(vault, ""));
}

}  // namespace edsm::cli
