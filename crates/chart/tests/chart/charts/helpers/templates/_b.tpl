{{- define "twice" -}}second{{- end -}}
{{- define "count" -}}{{- $_ := set .Values "counter" (add1 (default 0 .Values.counter)) -}}{{ .Values.counter }}{{- end -}}
