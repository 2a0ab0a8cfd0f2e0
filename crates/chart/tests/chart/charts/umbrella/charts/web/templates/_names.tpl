{{- define "who" -}}web{{- end -}}
{{- define "blank" -}}not blank{{- end -}}
{{- define "sub" -}}sub of {{ .Chart.Name }}{{- end -}}
