{{- define "who" -}}umbrella{{- end -}}
{{- define "blank" }} {{/* nothing */}} {{ end -}}
