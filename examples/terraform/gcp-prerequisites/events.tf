# Secret Manager --event--> topic --> subscription --> EDSM; what cannot be dealt with --> dead letters.
# Events come by two ways: a secret that names the topic tells of its own changes, and the audit log of the
# project tells of all secrets. EDSM takes both, also for one secret.

data "google_project" "this" {
  project_id = var.project_id
}

locals {
  name   = "${var.cluster_name}-edsm"
  number = data.google_project.this.number
  labels = merge({ "edsm-cluster" = var.cluster_name }, var.labels)

  # Google's own accounts in this project.
  secret_manager_agent = "serviceAccount:service-${local.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
  pubsub_agent         = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # Each by its name: reading is logged, too, and EDSM's own reads shall not come back to it.
  changes = ["CreateSecret", "UpdateSecret", "DeleteSecret", "AddSecretVersion", "EnableSecretVersion", "DisableSecretVersion", "DestroySecretVersion"]
}

resource "google_pubsub_topic" "events" {
  name   = "${local.name}-events"
  labels = local.labels
}

resource "google_pubsub_topic" "dead_letters" {
  name   = "${local.name}-dead-letters"
  labels = local.labels
}

resource "google_pubsub_subscription" "events" {
  name                       = "${local.name}-events"
  topic                      = google_pubsub_topic.events.id
  ack_deadline_seconds       = 60        # EDSM extends it while it works; a crashed one's messages come back after it
  message_retention_duration = "345600s" # four days; the sweep finds what is older
  labels                     = local.labels

  # Never: without this a subscription that nobody asks for 31 days is deleted.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 10
  }
}

# Keeps them for somebody to look.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "${local.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "1209600s" # 14 days
  labels                     = local.labels

  expiration_policy {
    ttl = ""
  }
}

# Dead letters are moved by Pub/Sub itself: it takes them from one and gives them to the other.
resource "google_pubsub_topic_iam_member" "dead_letters" {
  topic  = google_pubsub_topic.dead_letters.name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# For secrets that name the topic.
resource "google_pubsub_topic_iam_member" "secret_manager" {
  topic  = google_pubsub_topic.events.name
  role   = "roles/pubsub.publisher"
  member = local.secret_manager_agent
}

# For all secrets. The log of changes (Admin Activity) is always on.
resource "google_logging_project_sink" "secrets" {
  count = var.audit_log_events ? 1 : 0

  name        = "${local.name}-events"
  description = "Changes of secrets, for EDSM in cluster ${var.cluster_name}"
  destination = "pubsub.googleapis.com/${google_pubsub_topic.events.id}"
  filter = join(" AND ", [
    "logName=\"projects/${var.project_id}/logs/cloudaudit.googleapis.com%2Factivity\"",
    "protoPayload.serviceName=\"secretmanager.googleapis.com\"",
    "protoPayload.methodName=(${join(" OR ", [for change in local.changes : "\"google.cloud.secretmanager.v1.SecretManagerService.${change}\""])})",
    "NOT protoPayload.status.code>0", # failed calls change nothing
  ])
  unique_writer_identity = true
}

resource "google_pubsub_topic_iam_member" "sink" {
  count = var.audit_log_events ? 1 : 0

  topic  = google_pubsub_topic.events.name
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.secrets[0].writer_identity
}
