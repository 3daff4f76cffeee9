# Secrets Manager --event--> EventBridge --rule--> queue --> EDSM; what cannot be dealt with --> dead letters.

locals {
  name    = "${var.cluster_name}-edsm"
  regions = toset(concat([var.region], var.additional_regions))
  tags    = merge({ "edsm.io/cluster" = var.cluster_name }, var.tags)

  patterns = merge(
    {
      # A version became current: by a new value, a rotation or a rollback. Needs no CloudTrail.
      label-updated = {
        source      = ["aws.secretsmanager"]
        detail-type = ["Secret Label Updated"]
        detail      = { labelUpdated = ["AWSCURRENT"] }
      }
    },
    var.cloudtrail_events ? {
      # What the event above does not tell. Each by its name: a rule for all calls would send EDSM's own
      # reads back to it.
      lifecycle = {
        source      = ["aws.secretsmanager"]
        detail-type = ["AWS API Call via CloudTrail"]
        detail = {
          eventSource = ["secretsmanager.amazonaws.com"]
          eventName   = ["CreateSecret", "DeleteSecret", "RestoreSecret"]
          errorCode   = [{ exists = false }] # failed calls change nothing
        }
      }
    } : {},
  )

  # One rule per region and pattern.
  rules = merge([for region in local.regions : {
    for name, pattern in local.patterns : "${region}/${name}" => { region = region, name = name, pattern = pattern }
  }]...)
}

resource "aws_sqs_queue" "events" {
  for_each = local.regions

  region                     = each.value
  name                       = "${local.name}-events"
  receive_wait_time_seconds  = 20     # long polls
  visibility_timeout_seconds = 60     # EDSM extends it while it works; a crashed one's messages come back after it
  message_retention_seconds  = 345600 # four days; the sweep finds what is older
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[each.key].arn
    maxReceiveCount     = 10
  })
  tags = local.tags
}

resource "aws_sqs_queue" "dead_letters" {
  for_each = local.regions

  region                    = each.value
  name                      = "${local.name}-dead-letters"
  message_retention_seconds = 1209600 # 14 days, the longest there is: somebody has to look
  sqs_managed_sse_enabled   = true
  tags                      = local.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  for_each = local.regions

  region    = each.value
  queue_url = aws_sqs_queue.dead_letters[each.key].url
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.events[each.key].arn]
  })
}

# Only these rules may send, and nobody without TLS.
resource "aws_sqs_queue_policy" "rules_only" {
  for_each = merge(
    { for region in local.regions : "${region}/events" => aws_sqs_queue.events[region] },
    { for region in local.regions : "${region}/dead-letters" => aws_sqs_queue.dead_letters[region] },
  )

  region    = split("/", each.key)[0]
  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = { ArnEquals = { "aws:SourceArn" = [
          for name, rule in local.rules : aws_cloudwatch_event_rule.secrets[name].arn if rule.region == split("/", each.key)[0]
        ] } }
      },
      {
        Sid       = "NobodyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "secrets" {
  for_each = local.rules

  region        = each.value.region
  name          = "${local.name}-${each.value.name}"
  description   = "Changes of secrets, for EDSM in cluster ${var.cluster_name}"
  event_pattern = jsonencode(each.value.pattern)
  tags          = local.tags
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = local.rules

  region    = each.value.region
  rule      = aws_cloudwatch_event_rule.secrets[each.key].name
  target_id = "edsm"
  arn       = aws_sqs_queue.events[each.value.region].arn

  # What EventBridge itself cannot deliver.
  dead_letter_config {
    arn = aws_sqs_queue.dead_letters[each.value.region].arn
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = length(var.alarm_actions) > 0 ? local.regions : []

  region              = each.value
  alarm_name          = "${local.name}-dead-letters"
  alarm_description   = "Events that EDSM could not deal with: see docs/runbook.md#edsmmessagesgivenup."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters[each.key].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  tags                = local.tags
}
