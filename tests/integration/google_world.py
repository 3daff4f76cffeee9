"""One test's part of a Google Cloud: a topic, a subscription, an identity, and the wire to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from bed.bearers import Grants
from bed.gcp import PROJECT, GoogleCloud
from bed.gidentity import GoogleIdentity
from bed.kube import Object
from bed.process import wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy
from world import PATIENCE, World

WITHOUT_AWS = {"AWS_REGION": "", "AWS_ENDPOINT": "", "SQS_QUEUE_URL": "", "AWS_EC2_METADATA_DISABLED": "",
               "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
"""For World.edsm(env=...): nothing says that there is an AWS."""


class GoogleWorld:
    """Secrets are named after the world's namespace, and publish to its own topic. `wire` carries everything
    that EDSM says to Pub/Sub and Secret Manager; World.calls counts it. EDSM has an account of its own, with
    the roles that docs/gcp.md names, and perhaps others in the place of them."""

    def __init__(self, world: World, google: GoogleCloud, identity: GoogleIdentity, *,
                 roles: Sequence[str] = ("roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"),
                 subscription_roles: Sequence[str] = ("roles/pubsub.subscriber", "roles/pubsub.viewer"),
                 more: Grants | None = None, **fields: Any) -> None:
        """`more` is granted besides the roles; `fields` are those of the subscription."""
        self.world, self.google = world, google
        self.topic = google.make_topic(f"t-{world.ns}")
        self.subscription = google.make_subscription(f"s-{world.ns}", self.topic, **fields)
        stack = ExitStack()
        world.at_end(stack.close)
        self.wire = stack.enter_context(WireProxy(google.url, recorder=world.calls, name="google"))
        grants = {self.subscription.name: [*subscription_roles], f"projects/{PROJECT}": [*roles]}
        for resource, granted in (more or {}).items():
            grants.setdefault(resource, []).extend(granted)
        self.account = identity.account(f"edsm-{world.ns}"[:60], grants=grants)
        self._key = work_dir("google-key") / "key.json"
        self._key.write_text(json.dumps(self.account.key_file(f"{identity.url}/token")))

    def env(self, *, subscription: bool = True) -> dict[str, str]:
        """The variables for EDSM."""
        env = {"GOOGLE_APPLICATION_CREDENTIALS": str(self._key),
               "GCP_SECRET_MANAGER_ENDPOINT": self.wire.url, "GCP_PUBSUB_ENDPOINT": self.wire.url,
               "GCP_LOGGING_ENDPOINT": self.wire.url}
        return env | ({"GCP_PUBSUB_SUBSCRIPTION": self.subscription.name} if subscription else {})

    def name(self, name: str) -> str:
        """A secret's name in Google's cloud."""
        return f"{self.world.ns}_{name}"

    def put(self, name: str, value: str | bytes | Mapping[str, Any], *, notify: bool = True,
            location: str | None = None) -> str:
        """Creates a secret, or gives it a new value; the number of its version."""
        return self.google.put_secret(self.name(name), value, topics=[self.topic] if notify else [], location=location)

    def version(self, name: str, number: str) -> str:
        """What EDSM calls a version: by its number and its creation, in microseconds."""
        path = self.google.secret_path(self.name(name))
        created = datetime.fromisoformat(self.google.call("GET", f"{path}/versions/{number}")["createTime"])
        return f"{number}@{created.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}"

    def bind(self, name: str, *, path: str | None = None, **spec: Any) -> Object:
        """An EventDrivenSecret of the secret of that name."""
        spec = {"cloudProviderOptions": {"gcpProjectID": PROJECT}} | spec
        return self.world.bind(name, path=path or self.name(name), cloudProvider="gcp", **spec)

    def wait_drained(self) -> None:
        """Waits until every message sent so far was acknowledged."""
        def empty() -> bool:
            depth = self.google.backlog(self.subscription)
            return depth.visible == depth.in_flight == 0
        wait_for(empty, PATIENCE, f"{self.subscription.name} to be empty",
                 [program.process for program in self.world.programs])

    def reads(self) -> list[str]:
        """The versions whose values were read, in their order."""
        return [call.path.removeprefix("/v1/").removesuffix(":access")
                for call in self.world.calls.find(proxy="google", path=":access$")]
