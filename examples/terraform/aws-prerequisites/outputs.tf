output "edsm_role_arn" {
  description = "For IRSA: the annotation eks.amazonaws.com/role-arn of EDSM's ServiceAccount."
  value       = aws_iam_role.edsm.arn
}

output "sqs_queue_url" {
  description = "The queue of the cluster's own region."
  value       = aws_sqs_queue.events[var.region].url
}

output "sqs_queue_urls" {
  description = "The queues of all regions: the chart's aws.queueUrls."
  value       = [for queue in aws_sqs_queue.events : queue.url]
}

output "dead_letter_queue_urls" {
  description = "Where to look when an alarm says so."
  value       = [for queue in aws_sqs_queue.dead_letters : queue.url]
}
