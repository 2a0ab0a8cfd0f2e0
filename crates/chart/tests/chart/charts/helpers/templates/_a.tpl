{{- define "labels" -}}
app: {{ .Chart.Name }}
version: {{ .Chart.Version | replace "+" "_" }}
{{- end -}}
{{- define "twice" -}}first{{- end -}}
