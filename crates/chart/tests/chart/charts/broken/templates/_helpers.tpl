{{- define "broken.outer" -}}
{{- include "broken.inner" . -}}
{{- end -}}
{{- define "broken.inner" -}}
x: {{ .Values.nope.nope }}
{{- end -}}
{{- define "broken.fail" -}}
{{- fail "failed on purpose:\nsecond line" -}}
{{- end -}}
