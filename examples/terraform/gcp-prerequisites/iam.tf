# Who EDSM is, and what it may do.

locals {
  cluster_project = coalesce(var.cluster_project_id, var.project_id)
  pool            = "${local.cluster_project}.svc.id.goog" # of every GKE cluster with Workload Identity

  subject   = "ns/${var.edsm_namespace}/sa/${var.edsm_service_account_name}"
  principal = "principal://iam.googleapis.com/projects/${data.google_project.cluster.number}/locations/global/workloadIdentityPools/${local.pool}/subject/${local.subject}"
  member    = var.identity == "direct" ? local.principal : one(google_service_account.edsm[*].member)

  # Names of secrets and of their versions, as IAM sees them: with the project's number.
  secrets = "projects/${local.number}/secrets"
  readable = join(" || ", [for path in var.secret_paths : endswith(path, "*")
    ? "resource.name.startsWith(\"${local.secrets}/${trimsuffix(path, "*")}\")"
    : "resource.name == \"${local.secrets}/${path}\" || resource.name.startsWith(\"${local.secrets}/${path}/\")"
  ])

  event_roles = [
    "roles/pubsub.subscriber", # events
    "roles/pubsub.viewer",     # the subscription's deadline, and whether it has dead letters
  ]
  read_roles = [
    "roles/secretmanager.secretAccessor", # values
    "roles/secretmanager.viewer",         # which version is the newest, without its value: the sweep
  ]
}

data "google_project" "cluster" {
  project_id = local.cluster_project
}

resource "google_service_account" "edsm" {
  count = var.identity == "service-account" ? 1 : 0

  account_id   = local.name
  display_name = "EDSM in cluster ${var.cluster_name}"
}

# The pods of this ServiceAccount, and no others, get its tokens.
resource "google_service_account_iam_member" "workload_identity" {
  count = var.identity == "service-account" ? 1 : 0

  service_account_id = google_service_account.edsm[0].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${local.pool}[${var.edsm_namespace}/${var.edsm_service_account_name}]"
}

resource "google_pubsub_subscription_iam_member" "edsm" {
  for_each = toset(local.event_roles)

  subscription = google_pubsub_subscription.events.name
  role         = each.value
  member       = local.member
}

resource "google_project_iam_member" "read" {
  for_each = toset(local.read_roles)

  project = var.project_id
  role    = each.value
  member  = local.member

  dynamic "condition" {
    for_each = contains(var.secret_paths, "*") ? [] : [local.readable]
    content {
      title      = "${local.name}-secrets"
      expression = condition.value
    }
  }
}
