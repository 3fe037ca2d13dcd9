{{- define "waybill.labels" -}}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "waybill.settings" -}}
data: /data
listen: 0.0.0.0:5000
public-url: {{ required "publicUrl is missing: the URL that clients use" .Values.publicUrl | quote }}
{{- if .Values.tls.secretName }}
tls-cert: /tls/tls.crt
tls-key: /tls/tls.key
{{- else }}
trusted-proxies: {{ required "tls.secretName is missing, or trustedProxies" .Values.trustedProxies | join "," | quote }}
{{- end }}
{{- with .Values.settings }}
{{ toYaml . }}
{{- end }}
{{- end -}}
