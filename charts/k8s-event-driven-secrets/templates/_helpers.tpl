{{/* The names that a release of the older chart has, so that it can be upgraded. */}}
{{- define "edsm.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "edsm.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* A Deployment's selector cannot be changed: these two stay. */}}
{{- define "edsm.selectorLabels" -}}
app.kubernetes.io/name: {{ include "edsm.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edsm.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "edsm.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "edsm.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "edsm.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "edsm.clusterRoleName" -}}
{{- default (include "edsm.fullname" .) .Values.clusterRole.name }}
{{- end }}

{{/* Names of cluster-wide objects: two releases in two namespaces must not share them. */}}
{{- define "edsm.clusterName" -}}
{{- printf "%s-%s" (include "edsm.fullname" .) .Release.Namespace | trunc 253 }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "edsm.subjects" -}}
- kind: ServiceAccount
  name: {{ include "edsm.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* What the controller may do in the namespaces that it works in: of all the same as
     config/rbac/controller.yaml, which a test compares. */}}
{{- define "edsm.rules" -}}
# The wishes of the users, and its report on them. It never changes a spec.
- apiGroups: [secrets.edsm.io]
  resources: [eventdrivensecrets]
  verbs: [list, watch]
- apiGroups: [secrets.edsm.io]
  resources: [eventdrivensecrets/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs:
  - get     # one target whose metadata says that somebody touched it; the digest key at start
  - list    # metadata of its own targets (by label), at start and after a broken watch
  - watch   # the same, from then on: finds edits and deletions
  - create  # a target that does not exist yet; the digest key, once
  - patch   # a target whose value changed or that somebody touched: data and annotations at once
# Workloads that name a target: found by their annotation, restarted by a patch of their template;
# read again (get) if somebody else changed them meanwhile, and after a restart until their pods are replaced.
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch, patch]
# What `kubectl describe` shows. Repeated ones become a series, by patch.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Not empty if policies are looked at. */}}
{{- define "edsm.tenancy" -}}
{{- if has .Values.tenancy (list "audit" "enforce") }}{{ .Values.tenancy }}{{ end }}
{{- end }}

{{/* The same as config/optional/tenancy.yaml, for namespaces that are named if not all are worked in. */}}
{{- define "edsm.tenancyRules" -}}
# Which namespace may read which secret: kept in memory.
- apiGroups: [secrets.edsm.io]
  resources: [secretaccesspolicies]
  verbs: [list, watch]
# By which labels the policies select namespaces: of each, the metadata is asked for and the labels kept.
- apiGroups: [""]
  resources: [namespaces]
  {{- with .Values.watchNamespaces }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [list, watch]
{{- end }}

{{- define "edsm.deletionRules" -}}
# For EventDrivenSecrets that say `target.deletionPolicy: Delete`.
- apiGroups: [""]
  resources: [secrets]
  verbs: [delete]
{{- end }}

{{/* "true" if the Guard is wanted and the API server can have one. */}}
{{- define "edsm.guarded" -}}
{{- and .Values.guard.enabled (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") }}
{{- end }}
