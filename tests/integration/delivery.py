"""What docs/aws.md has people make between Secrets Manager and a queue, so that tests can break it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bed.aws import REGION
from world import World

LIFECYCLE = {"source": ["aws.secretsmanager"], "detail-type": ["AWS API Call via CloudTrail"],
             "detail": {"eventSource": ["secretsmanager.amazonaws.com"],
                        "eventName": ["CreateSecret", "DeleteSecret", "RestoreSecret"],
                        "errorCode": [{"exists": False}]}}


class Delivery:
    """A queue with dead letters, two rules, the policy that lets them in, and a trail. The world's own
    queue hears of nothing any more, so that no rule of it makes up for one that is broken."""

    def __init__(self, world: World) -> None:
        self.events, self.sqs = world.aws.client("events"), world.aws.client("sqs")
        self.trails = world.aws.client("cloudtrail")
        self.events.disable_rule(Name=f"to-{world.queue.name}")
        self.dead = world.aws.make_queue(f"{world.ns}-dead")
        self.queue = world.aws.make_queue(f"{world.ns}-events", visibility=60, dlq=self.dead, max_receives=10)
        self.native, self.lifecycle, self.trail = (f"{world.ns}-{name}" for name in ("native", "lifecycle", "trail"))
        native = {"source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"],
                  "detail": {"labelUpdated": ["AWSCURRENT"]}}
        self.rules = [self.route(self.native, native), self.route(self.lifecycle, LIFECYCLE)]
        self.admit(self.rules)
        world.aws.client("s3").create_bucket(
            Bucket=self.trail, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.trails.create_trail(Name=self.trail, S3BucketName=self.trail, IsMultiRegionTrail=True)
        self.trails.start_logging(Name=self.trail)
        world.at_end(self._forget)

    def pattern(self, rule: str, pattern: Mapping[str, Any]) -> str:
        """Gives a rule its pattern; the rule's ARN."""
        return self.events.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"]

    def route(self, rule: str, pattern: Mapping[str, Any], **target: Any) -> str:
        """A rule that sends to the queue; `target` has further members of its target."""
        arn = self.pattern(rule, pattern)
        answer = self.events.put_targets(Rule=rule, Targets=[{"Id": "edsm", "Arn": self.queue.arn, **target}])
        assert not answer["FailedEntryCount"], answer
        return arn

    def admit(self, rules: list[str]) -> None:
        """The queue's policy lets these in, and no others."""
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": self.queue.arn, "Condition": {"ArnEquals": {"aws:SourceArn": rules}}}]}
        self.set(Policy=json.dumps(policy) if rules else "")

    def set(self, **attributes: str) -> None:
        """Attributes of the queue."""
        self.sqs.set_queue_attributes(QueueUrl=self.queue.url, Attributes=attributes)

    def off_target(self, rule: str) -> None:
        self.events.remove_targets(Rule=rule, Ids=["edsm"])

    def _forget(self) -> None:
        routed = self.events.list_rule_names_by_target(TargetArn=self.queue.arn)["RuleNames"]
        for rule in {self.native, self.lifecycle, *routed}:  # a remedy may have made one more
            self.off_target(rule)
            self.events.delete_rule(Name=rule)
        if self.trail in [each["Name"] for each in self.trails.describe_trails()["trailList"]]:
            self.trails.delete_trail(Name=self.trail)
        for queue in (self.queue, self.dead):
            self.sqs.delete_queue(QueueUrl=queue.url)
