# Who EDSM is, and what it may do.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_eks_cluster" "this" {
  name = var.cluster_name
}

# Fails here, and not at the first token, if the cluster has none.
data "aws_iam_openid_connect_provider" "cluster" {
  count = var.identity == "irsa" ? 1 : 0
  url   = data.aws_eks_cluster.this.identity[0].oidc[0].issuer
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  issuer    = var.identity == "irsa" ? trimprefix(data.aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://") : ""

  # AWS appends a hyphen and six characters to the name of a secret.
  secret_arns = flatten([for region in local.regions : [for path in var.secret_paths :
    "arn:${local.partition}:secretsmanager:${region}:${local.account}:secret:${endswith(path, "*") ? path : "${path}-??????"}"
  ]])

  trust = {
    irsa = [{
      Effect    = "Allow"
      Principal = { Federated = one(data.aws_iam_openid_connect_provider.cluster[*].arn) }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:sub" = "system:serviceaccount:${var.edsm_namespace}:${var.edsm_service_account_name}"
        "${local.issuer}:aud" = "sts.amazonaws.com"
      } }
    }]
    pod-identity = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      # An association in another cluster or for another ServiceAccount does not get this role.
      Condition = { StringEquals = {
        "aws:RequestTag/eks-cluster-arn"            = data.aws_eks_cluster.this.arn
        "aws:RequestTag/kubernetes-namespace"       = var.edsm_namespace
        "aws:RequestTag/kubernetes-service-account" = var.edsm_service_account_name
      } }
    }]
  }

  permissions = concat(
    [
      {
        Sid      = "TakeEvents"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        Resource = [for queue in aws_sqs_queue.events : queue.arn]
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
        Resource = local.secret_arns
      },
      {
        # Neither can be restricted to some secrets. The first gives no value that ReadSecrets does not
        # give; the second gives names and version ids.
        Sid       = "ReadManyAtOnce"
        Effect    = "Allow"
        Action    = ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = tolist(local.regions) } }
      },
    ],
    length(var.kms_key_arns) == 0 ? [] : [
      {
        # Only by way of Secrets Manager, and only for these secrets.
        Sid      = "DecryptSecrets"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = var.kms_key_arns
        Condition = {
          StringEquals = { "kms:ViaService" = [for region in local.regions : "secretsmanager.${region}.${local.suffix}"] }
          StringLike   = { "kms:EncryptionContext:SecretARN" = local.secret_arns }
        }
      },
    ],
    length(var.assumable_role_arns) == 0 ? [] : [
      {
        # Each of them has to trust this role, too. The tags say for which EventDrivenSecret it is assumed.
        Sid      = "AssumeRoles"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole", "sts:TagSession"]
        Resource = var.assumable_role_arns
      },
    ],
  )
}

resource "aws_iam_role" "edsm" {
  name               = "${var.cluster_name}-edsm-service-account"
  description        = "EDSM in cluster ${var.cluster_name}"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = local.trust[var.identity] })
  tags               = local.tags
}

resource "aws_iam_role_policy" "edsm" {
  name   = "edsm"
  role   = aws_iam_role.edsm.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.permissions })
}

resource "aws_eks_pod_identity_association" "edsm" {
  count = var.identity == "pod-identity" ? 1 : 0

  cluster_name    = var.cluster_name
  namespace       = var.edsm_namespace
  service_account = var.edsm_service_account_name
  role_arn        = aws_iam_role.edsm.arn
  tags            = local.tags
}
