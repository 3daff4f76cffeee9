"""Azure's clouds by their host names, and what the bed calls itself there."""

from __future__ import annotations

from dataclasses import dataclass

TENANT = "72000000-86f1-41af-91ab-2d7cd0110000"
SUBSCRIPTION = "5b1e0000-27af-4a4c-8c1e-3f9d00000000"
GROUP = "edsm-bed"


@dataclass(frozen=True)
class Cloud:
    """One of Azure's clouds: its hosts, and the audiences of its tokens."""

    name: str
    login: str
    vaults: str  # what follows the name of a vault and a dot
    buses: str  # the same for a namespace of Service Bus

    @property
    def vault_audience(self) -> str:
        return f"https://{self.vaults}"

    @property
    def bus_audience(self) -> str:
        return "https://servicebus.azure.net"

    @property
    def audiences(self) -> tuple[str, ...]:
        """What tokens can be had for."""
        return self.vault_audience, self.bus_audience, f"https://{self.buses}"


PUBLIC = Cloud("Public", "login.microsoftonline.com", "vault.azure.net", "servicebus.windows.net")
GOVERNMENT = Cloud("USGov", "login.microsoftonline.us", "vault.usgovcloudapi.net", "servicebus.usgovcloudapi.net")
CHINA = Cloud("China", "login.chinacloudapi.cn", "vault.azure.cn", "servicebus.chinacloudapi.cn")
CLOUDS = (PUBLIC, GOVERNMENT, CHINA)

# For a server certificate of the bed's CA.
HOSTS = ("localhost", "127.0.0.1",
         *(host for cloud in CLOUDS for host in (cloud.login, f"*.{cloud.vaults}", f"*.{cloud.buses}")))


def is_azure(host: str) -> bool:
    """Whether the bed stands in for that host."""
    return any(host == cloud.login or host.endswith((f".{cloud.vaults}", f".{cloud.buses}")) for cloud in CLOUDS)


def resource_id(provider: str, name: str) -> str:
    """The id of a resource in Azure's resource manager: of Microsoft.KeyVault/vaults, say."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{provider}/{name}"
