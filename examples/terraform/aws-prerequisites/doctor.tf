# What `edsm doctor` reads besides, to check the whole chain, and the one message that its --probe sends.
# EDSM itself needs none of it.

resource "aws_iam_role_policy" "doctor" {
  count = var.doctor_permissions ? 1 : 0

  name = "edsm-doctor"
  role = aws_iam_role.edsm.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadRules"
        Effect   = "Allow"
        Action   = ["events:DescribeRule", "events:ListTargetsByRule"]
        Resource = [for region in local.regions : "arn:${local.partition}:events:${region}:${local.account}:rule/*"]
      },
      {
        # These know no resources.
        Sid       = "FindRules"
        Effect    = "Allow"
        Action    = ["events:ListRuleNamesByTarget", "events:ListRules", "events:TestEventPattern", "cloudtrail:DescribeTrails"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = tolist(local.regions) } }
      },
      {
        # A trail of all regions, or of the organisation, is another region's or account's.
        Sid      = "ReadTrails"
        Effect   = "Allow"
        Action   = ["cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"]
        Resource = ["arn:${local.partition}:cloudtrail:*:*:trail/*"]
      },
      {
        Sid      = "CountDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:GetQueueAttributes"]
        Resource = [for queue in aws_sqs_queue.dead_letters : queue.arn]
      },
      {
        Sid      = "Probe"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [for queue in aws_sqs_queue.events : queue.arn]
      },
    ]
  })
}
