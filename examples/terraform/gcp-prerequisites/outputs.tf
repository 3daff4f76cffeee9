output "edsm_service_account_email" {
  description = "For identity=service-account: the annotation iam.gke.io/gcp-service-account of EDSM's ServiceAccount."
  value       = one(google_service_account.edsm[*].email)
}

output "pubsub_subscription" {
  description = "The subscription of events: one of the chart's gcp.subscriptions."
  value       = google_pubsub_subscription.events.id
}

output "pubsub_topic" {
  description = "What secrets name in `topics` to tell of their changes themselves."
  value       = google_pubsub_topic.events.id
}

output "dead_letter_subscription" {
  description = "Where to look for what EDSM could not deal with."
  value       = google_pubsub_subscription.dead_letters.id
}
