{{- define "loraloom.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "loraloom.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "loraloom.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "loraloom.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects every pod of the release. */}}
{{- define "loraloom.selector" -}}
app.kubernetes.io/name: {{ include "loraloom.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "loraloom.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "loraloom.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "loraloom.cpuImage" -}}
{{ .Values.image.repository }}:{{ default (printf "%s-cpu" .Chart.AppVersion) .Values.image.cpuTag }}
{{- end -}}

{{- define "loraloom.cudaImage" -}}
{{ .Values.image.repository }}:{{ default (printf "%s-cuda" .Chart.AppVersion) .Values.image.cudaTag }}
{{- end -}}

{{- define "loraloom.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Pod security "restricted": what a pod says, by the user id it runs as. */}}
{{- define "loraloom.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Pod security "restricted": what each container says. */}}
{{- define "loraloom.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "loraloom.serverUrl" -}}
http://{{ include "loraloom.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end -}}

{{- define "loraloom.bundledDatabase" -}}
{{- if not (or .Values.database.url .Values.database.existingSecret) }}yes{{ end -}}
{{- end -}}

{{- define "loraloom.bundledRedis" -}}
{{- if not (or .Values.redis.url .Values.redis.existingSecret) }}yes{{ end -}}
{{- end -}}

{{- define "loraloom.secretName" -}}
{{ include "loraloom.fullname" . }}
{{- end -}}

{{- define "loraloom.runsNamespace" -}}
{{ default .Release.Namespace .Values.kubernetes.namespace }}
{{- end -}}

{{/* /etc/loraloom/kubernetes.yaml: what the chart knows, and over it what the values say. */}}
{{- define "loraloom.settings" -}}
{{- $known := dict "namespace" (include "loraloom.runsNamespace" .) "instance" .Release.Name "image" (include "loraloom.cudaImage" .) "server_url" (include "loraloom.serverUrl" .) "image_pull_secrets" .Values.image.pullSecrets -}}
{{- if .Values.kubernetes.kueue.createQueue }}{{ $known = set $known "kueue_queue" .Values.kubernetes.kueue.queue }}{{ end -}}
{{- mergeOverwrite $known .Values.kubernetes.settings | toYaml -}}
{{- end -}}

{{/* The value of a key of our Secret: kept where it is there, made where it is not. Takes (list $ key length). */}}
{{- define "loraloom.kept" -}}
{{- $root := index . 0 -}}
{{- $found := lookup "v1" "Secret" $root.Release.Namespace (include "loraloom.secretName" $root) -}}
{{- $data := dict -}}
{{- if $found }}{{ $data = default dict $found.data }}{{ end -}}
{{- if hasKey $data (index . 1) -}}
{{- index $data (index . 1) | b64dec -}}
{{- else -}}
{{- randAlphaNum (int (index . 2)) -}}
{{- end -}}
{{- end -}}

{{/* Environment entries from Secrets. */}}
{{- define "loraloom.databaseEnv" -}}
- name: LORALOOM_DATABASE
  valueFrom:
    secretKeyRef:
{{- if .Values.database.existingSecret }}
      name: {{ .Values.database.existingSecret }}
      key: url
{{- else }}
      name: {{ include "loraloom.secretName" . }}
      key: database-url
{{- end }}
{{- end -}}

{{- define "loraloom.redisEnv" -}}
- name: LORALOOM_REDIS
  valueFrom:
    secretKeyRef:
{{- if .Values.redis.existingSecret }}
      name: {{ .Values.redis.existingSecret }}
      key: url
{{- else }}
      name: {{ include "loraloom.secretName" . }}
      key: redis-url
{{- end }}
{{- end -}}

{{- define "loraloom.tokenEnv" -}}
- name: LORALOOM_WORKER_TOKEN
  valueFrom:
    secretKeyRef:
{{- if .Values.workerToken.existingSecret }}
      name: {{ .Values.workerToken.existingSecret }}
      key: token
{{- else }}
      name: {{ include "loraloom.secretName" . }}
      key: worker-token
{{- end }}
{{- end -}}

{{- define "loraloom.metricsName" -}}
{{ default (include "loraloom.secretName" .) .Values.metrics.existingSecret }}
{{- end -}}

{{- define "loraloom.metricsKey" -}}
{{ ternary "metrics-token" "token" (eq .Values.metrics.existingSecret "") }}
{{- end -}}

{{- define "loraloom.tracingEnv" -}}
{{- with .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "loraloom.blobsEnv" -}}
{{- with .Values.blobs }}
{{- if .url }}
- name: LORALOOM_BLOBS
  value: {{ .url | quote }}
{{- with .region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- if .existingSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.blobs.existingSecret }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What loraloom-prepare (deploy/prepare.sh) needs besides the database. */}}
{{- define "loraloom.prepareEnv" -}}
- name: LORALOOM_HOME
  value: /tmp/loraloom
- name: HOME
  value: /tmp
- name: ADMIN_NAME
  value: {{ .Values.admin.name | quote }}
- name: ADMIN_PASSWORD_FILE
  value: /run/secrets/admin/password
{{- end -}}

{{/* The administrator's password as a file. Takes (list $ name-of-our-Secret). */}}
{{- define "loraloom.adminVolume" -}}
{{- $root := index . 0 -}}
- name: admin
  secret:
{{- if $root.Values.admin.existingSecret }}
    secretName: {{ $root.Values.admin.existingSecret }}
    items: [{key: password, path: password}]
{{- else }}
    secretName: {{ index . 1 }}
    items: [{key: admin-password, path: password}]
{{- end }}
    defaultMode: 0440
{{- end -}}
