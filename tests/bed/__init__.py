"""The test bed: everything around EDSM, real where it can be.

`controlplane`  a Kubernetes control plane (etcd, API server, controllers, kwok)
`kube`          a thin client for it
`watching`      a watch in the background, with times
`audit`         the API server's record of who did what
`aws`           AWS emulators: ministack (native events, clock) and moto
`gcp`           Google Cloud: Pub/Sub, Secret Manager and its notifications
`gidentity`     what gives Google's access tokens
`aws_subject`   whom it takes for an AWS workload
`bearers`       those that count
`google_clients`  Google's own clients for these
`azure`         Azure: Key Vault and its events, Entra, managed identities, Service Bus; of these
`azure_names`, `azure_server`         hosts, and the server that all share
`vault_store`, `key_vault`            Key Vault
`entra`, `entra_apps`                 Microsoft Entra, and whom it knows
`bus_entity`, `bus_access`, `service_bus`  Service Bus
`azure_events`  what Event Grid and Azure Monitor say of vaults
`azure_clients`  Microsoft's own clients for these
`wire`          a proxy in front of any of them that records and injects faults
`exchange`      what it records, and the faults
`edsm`          the controller program itself
`certs`         certificates of the bed's own CA
`process`       child processes that leave nothing behind, and waiting
`scratch`       folders and ports, locked against other runs

Used by the integration tests and by the demo. Each piece is a context manager:

    with ControlPlane() as cluster, Ministack() as aws:
        ...
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # of the project
