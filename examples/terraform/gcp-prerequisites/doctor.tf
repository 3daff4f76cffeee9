# What `edsm doctor` reads besides, to check the whole chain, and the one message that its --probe publishes.
# EDSM itself needs none of it.

# Who may publish to the topics, and who may move dead letters. Google has no role with only that.
resource "google_project_iam_custom_role" "doctor_policies" {
  count = var.doctor_permissions ? 1 : 0

  role_id     = replace("${local.name}-doctor-policies", "-", "_")
  title       = "EDSM's doctor in cluster ${var.cluster_name}: policies of topics and subscriptions"
  permissions = ["pubsub.topics.getIamPolicy", "pubsub.subscriptions.getIamPolicy"]
}

# The roles that can list sinks can read logs, too: this one cannot.
resource "google_project_iam_custom_role" "doctor_sinks" {
  count = var.doctor_permissions ? 1 : 0

  role_id     = replace("${local.name}-doctor-sinks", "-", "_")
  title       = "EDSM's doctor in cluster ${var.cluster_name}: log sinks"
  permissions = ["logging.sinks.list"]
}

resource "google_pubsub_topic_iam_member" "doctor" {
  for_each = var.doctor_permissions ? { events = google_pubsub_topic.events.name, dead_letters = google_pubsub_topic.dead_letters.name } : {}

  topic  = each.value
  role   = google_project_iam_custom_role.doctor_policies[0].name
  member = local.member
}

resource "google_pubsub_subscription_iam_member" "doctor" {
  count = var.doctor_permissions ? 1 : 0

  subscription = google_pubsub_subscription.events.name
  role         = google_project_iam_custom_role.doctor_policies[0].name
  member       = local.member
}

resource "google_project_iam_member" "doctor" {
  count = var.doctor_permissions ? 1 : 0

  project = var.project_id
  role    = google_project_iam_custom_role.doctor_sinks[0].name
  member  = local.member
}

# For --probe.
resource "google_pubsub_topic_iam_member" "probe" {
  count = var.doctor_permissions ? 1 : 0

  topic  = google_pubsub_topic.events.name
  role   = "roles/pubsub.publisher"
  member = local.member
}
