{{- define "trunkline.labels" -}}
app.kubernetes.io/name: trunkline
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The role list, written by the binary: {"roles": [{"name", "schema"}], "paths": [{"path", "role"}]}. */}}
{{- define "trunkline.roles" -}}
{{- .Files.Get "roles.json" -}}
{{- end -}}

{{- define "trunkline.check" -}}
{{- $names := list -}}
{{- range (include "trunkline.roles" . | fromJson).roles }}{{ $names = append $names .name }}{{ end -}}
{{- range $name, $_ := .Values.roles -}}
{{- if not (has $name $names) -}}
{{- fail (printf "roles.%s: there is no role of this name; there are %s" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- if not (has .Values.mode (list "split" "single")) -}}
{{- fail (printf "mode: %s is unknown; write split or single" .Values.mode) -}}
{{- end -}}
{{- if and (eq .Values.mode "split") (not .Values.existingSecret) -}}
{{- fail "existingSecret: name the Secret with DATABASE_URL, AMQP_URL and the keys; values.yaml lists them" -}}
{{- end -}}
{{- include "trunkline.checkDrain" . -}}
{{- if and (eq .Values.mode "split") (not .Values.settings.S3_BUCKET) -}}
{{- fail "settings.S3_BUCKET: roles on several nodes need a bucket between them: scoring writes prompts that ingress serves" -}}
{{- end -}}
{{- end -}}

{{/* How long live calls may go on when a pod is asked to stop, and how long a pod with such calls is given in all. */}}
{{- define "trunkline.drainSeconds" -}}
{{- .Values.settings.TRUNKLINE_DRAIN_S | default 120 -}}
{{- end -}}

{{- define "trunkline.checkDrain" -}}
{{- $least := add (include "trunkline.drainSeconds" . | int) 35 -}}
{{- if lt (int .Values.roles.streams.terminationGracePeriodSeconds) (int $least) -}}
{{- fail (printf "roles.streams.terminationGracePeriodSeconds: at least %d, since live calls may go on for TRUNKLINE_DRAIN_S" $least) -}}
{{- end -}}
{{- end -}}

{{- define "trunkline.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "trunkline.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "trunkline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "trunkline.env" -}}
{{- with .Values.existingSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
env:
  - {name: TRUNKLINE_BIND, value: 0.0.0.0}
{{- if eq .Values.mode "split" }}
  - {name: TRUNKLINE_API_URL, value: "http://{{ .Release.Name }}-proxy:8080"}
{{- end }}
{{- with add (ternary 1 0 (eq .Values.mode "split")) (ternary 1 0 .Values.ingress.enabled) }}
  # Our own proxy, and the ingress before it.
  - {name: TRUNKLINE_TRUSTED_PROXIES, value: {{ . | toString | quote }}}
{{- end }}
{{- range $name, $value := .Values.settings }}
  - {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end -}}

{{- define "trunkline.probes" -}}
startupProbe:
  httpGet: {path: /health/live, port: http}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /health/live, port: http}
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  httpGet: {path: /health/ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
{{- end -}}

{{/* The endpoint is removed while the pod still answers, then the spool empties, then the process is stopped. */}}
{{- define "trunkline.drain" -}}
lifecycle:
  preStop:
    exec:
      command:
        - bash
        - -c
        - |
          sleep 5
          end=$((SECONDS + {{ sub .grace 35 }}))
          while [ "$SECONDS" -lt "$end" ] && [ -n "$(find /data/spool -name '*.event' -print -quit 2>/dev/null)" ]; do
            sleep 1
          done
{{- end -}}

{{- define "trunkline.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app.kubernetes.io/instance: {{ .instance }}
        app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "trunkline.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
