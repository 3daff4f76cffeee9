"""The test bed: everything around EDSM, real where it can be.

`controlplane`  a Kubernetes control plane (etcd, API server, controllers, kwok)
`kube`          a thin client for it, and recorded watches
`aws`           AWS emulators: ministack (native events, clock) and moto
`wire`          a proxy in front of either that records and injects faults
`edsm`          the controller program itself
`certs`         certificates of the bed's own CA
`process`       child processes, ports and folders that leave nothing behind

Used by the integration tests and by the demo. Each piece is a context manager:

    with ControlPlane() as cluster, Ministack() as aws:
        ...
"""
