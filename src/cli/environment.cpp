#include "cli/environment.hpp"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace edsm::cli {
namespace {

struct Variable {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array<Variable, 37> kVariables = {{
    {"SQS_QUEUE_URL",
     "The queue(s) of events, separated by commas. Each one's region comes from its URL."},
    {"AWS_REGION, AWS_DEFAULT_REGION", "Region where neither a binding nor a queue URL names one."},
    {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", "Static credentials."},
    {"AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
     "Web identity (EKS: IRSA)."},
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI",
     "Container credentials (EKS Pod Identity, ECS)."},
    {"AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
     "Their authorization token."},
    {"AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE",
     "Profile, and the files that hold it."},
    {"AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT", "Instance metadata (IMDSv2)."},
    {"AWS_ENDPOINT", "Endpoint of all AWS services, for emulators and private endpoints."},
    {"AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_SECRETS_MANAGER, "
     "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_EVENTBRIDGE, AWS_ENDPOINT_URL_CLOUDTRAIL",
     "The same, as the AWS SDKs read them; the last two for `edsm doctor`."},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "Ignores the endpoints of environment and files."},
    {"AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT", "FIPS and dual-stack endpoints."},
    {"AWS_MAX_ATTEMPTS, AWS_RETRY_MODE", "Retries of one call."},
    {"AWS_CA_BUNDLE", "Certificates that are trusted for AWS."},
    {"GCP_PUBSUB_SUBSCRIPTION, PUBSUB_QUEUE_URL",
     "The Pub/Sub subscription(s) of events, separated by commas: "
     "projects/PROJECT/subscriptions/NAME. The second is another name of the first."},
    {"GOOGLE_APPLICATION_CREDENTIALS",
     "Google credentials: a file of workload identity federation, a service account's key and so "
     "on. Without it: gcloud's file, then the metadata server (GKE: Workload Identity)."},
    {"CLOUDSDK_CONFIG", "gcloud's folder, if it is not ~/.config/gcloud."},
    {"GCE_METADATA_HOST, GCE_METADATA_TIMEOUT, NO_GCE_CHECK",
     "Where Google's metadata server is (host or host:port), how many seconds it may take, and "
     "`true` where it is not to be asked."},
    {"GOOGLE_CLOUD_PROJECT",
     "Project where neither a binding nor a subscription names one. Without it: that of the "
     "credential file, or of the metadata server."},
    {"GOOGLE_CLOUD_QUOTA_PROJECT", "Project whose quota pays for the calls."},
    {"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "Domain of Google's APIs, if it is not googleapis.com."},
    {"GCP_SECRET_MANAGER_ENDPOINT, GCP_PUBSUB_ENDPOINT, PUBSUB_EMULATOR_HOST",
     "Endpoints of Google's services, for private endpoints and emulators. With the last no "
     "credentials are used at all."},
    {"GCP_LOGGING_ENDPOINT", "The same of Cloud Logging, which only `edsm doctor` asks."},
    {"GCP_CA_BUNDLE", "Certificates that are trusted for Google."},
    {"AZURE_SERVICEBUS_QUEUE_URL, SERVICEBUS_QUEUE_URL",
     "The queue(s) of Service Bus for events, separated by commas: "
     "https://NAMESPACE.servicebus.windows.net/QUEUE or .../TOPIC/subscriptions/NAME. The second "
     "is another name of the first."},
    {"AZURE_SERVICEBUS_CONNECTION_STRING",
     "The same with a key, for who has no identity that may receive."},
    {"AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE",
     "Workload identity (set by its webhook)."},
    {"AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD",
     "Secret or certificate of an application. Without these: the machine's managed identity."},
    {"IDENTITY_ENDPOINT, IDENTITY_HEADER, AZURE_POD_IDENTITY_AUTHORITY_HOST",
     "Where managed identities are asked for, if it is not 169.254.169.254."},
    {"AZURE_KEY_VAULT_URL", "Vault where a binding names none."},
    {"AZURE_CLOUD, AZURE_AUTHORITY_HOST, AZURE_SERVICEBUS_AUDIENCE",
     "AzurePublicCloud, AzureUSGovernment or AzureChinaCloud; who gives its tokens, and what those "
     "for Service Bus are asked for with."},
    {"AZURE_KEY_VAULT_ENDPOINT, AZURE_KEY_VAULT_API_VERSION",
     "Where all vaults are asked, for emulators; the version of their API, 7.4 if not set."},
    {"AZURE_CA_BUNDLE", "Certificates that are trusted for Azure."},
    {"HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
     "Proxy for the cloud and, without proxy-url, for the API server."},
    {"KUBECONFIG", "kubeconfig file(s), separated by colons."},
    {"KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT", "Set by Kubernetes inside a cluster."},
    {"POD_NAMESPACE", "The controller's own namespace."},
}};

}  // namespace

std::optional<std::string> environment(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string environment_help() {
  std::string text = "Environment:\n";
  for (const auto& variable : kVariables)
    text += fmt::format("  {}\n      {}\n", variable.name, variable.meaning);
  return text;
}

std::string environment_markdown() {
  std::string text = "| environment variable | meaning |\n|---|---|\n";
  for (const auto& variable : kVariables) {
    std::string names;
    std::string_view rest = variable.name;
    while (!rest.empty()) {
      const auto comma = rest.find(", ");
      names += fmt::format("{}`{}`", names.empty() ? "" : " ", rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    }
    text += fmt::format("| {} | {} |\n", names, variable.meaning);
  }
  return text;
}

}  // namespace edsm::cli
