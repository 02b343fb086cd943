{{/* Labels of the pods that the kubernetes runner makes. */}}
{{- define "loraloom.runLabels" -}}
app.kubernetes.io/name: loraloom
app.kubernetes.io/component: run
app.kubernetes.io/instance: {{ default .Release.Name .Values.kubernetes.settings.instance }}
{{- end -}}

{{/* To the cluster's DNS; NodeLocal DNSCache has an address of its own. */}}
{{- define "loraloom.toNames" -}}
- to:
    - namespaceSelector: {}
    - ipBlock: {cidr: 169.254.20.10/32}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{- define "loraloom.toServer" -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "loraloom.selector" . | nindent 10 }}
          app.kubernetes.io/component: server
  ports:
    - {port: http, protocol: TCP}
{{- end -}}

{{/* To a store of ours, or to the port of one elsewhere. Takes (list $ component port bundled). */}}
{{- define "loraloom.toStore" -}}
{{- $root := index . 0 -}}
{{- if index . 3 -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "loraloom.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ index . 1 }}
  ports:
    - {port: {{ index . 1 }}, protocol: TCP}
{{- else -}}
- ports:
    - {port: {{ index . 2 }}, protocol: TCP}
{{- end -}}
{{- end -}}

{{/* To S3 and the model hub, but never to a cloud's metadata service, which hands out keys; and to the collector of traces. */}}
{{- define "loraloom.toOutside" -}}
{{- if .Values.networkPolicy.outsidePorts -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [169.254.0.0/16]
    - ipBlock:
        cidr: ::/0
        except: [fe80::/10, fd00:ec2::254/128]
  ports:
{{- range .Values.networkPolicy.outsidePorts }}
    - {port: {{ . }}, protocol: TCP}
{{- end }}
{{- end }}
{{- if .Values.tracing.endpoint }}
- to:
    - namespaceSelector: {}
  ports:
    - {port: {{ .Values.tracing.port }}, protocol: TCP}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
