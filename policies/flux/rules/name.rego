package flux.rules.name

import data.flux.object

# METADATA
# scope: document
# title: Names are such as the cluster takes
# description: |
#   An object without a name cannot be applied, and one whose name is no DNS-1123 subdomain is refused by the
#   API server: this says so at plan, before anything was written. So it is with the namespace, and with the
#   Secret that a repository names, whose absence would only show in the cluster.
# custom:
#   id: name
#   kinds:
#     - source.toolkit.fluxcd.io/GitRepository
#     - kustomize.toolkit.fluxcd.io/Kustomization
#     - fluxgate/Install
#   severity: deny
#   remedy: |
#     Write lower-case letters, digits and '-', with a letter or a digit at both ends, no spaces around. In names
#     of objects, not of namespaces, such parts may be joined by dots. At most 253 characters, 63 for a
#     namespace, 53 for a release of Helm.
#   params: []
deny contains {"msg": message, "path": ["metadata", "name"]} if {
	concerned
	not proven
	message := sprintf("%s: metadata.name %s", [object.subject, reason])
}

deny contains {"msg": message, "path": ["metadata", "namespace"]} if {
	concerned
	namespace := input.object.metadata.namespace
	not is_null(namespace)
	not is_label(namespace)
	message := sprintf("%s: metadata.namespace %s", [object.subject, fault(namespace, "DNS-1123 label")])
}

deny contains {"msg": message, "path": ["spec", "secretRef", "name"]} if {
	concerned
	name := input.object.spec.secretRef.name
	not is_subdomain(name, 253)
	message := sprintf("%s: spec.secretRef.name %s", [object.subject, fault(name, "DNS-1123 subdomain")])
}

concerned if object.concerned("source.toolkit.fluxcd.io", "GitRepository")

concerned if object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")

concerned if object.concerned("fluxgate", "Install")

proven if is_subdomain(input.object.metadata.name, longest)

# Helm cuts nothing off: it refuses the name of a release that is longer.
longest := 53 if {
	input.object.kind == "Install"
} else := 253

is_subdomain(name, most) if {
	is_string(name)
	count(name) <= most
	regex.match(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`, name)
}

is_label(name) if {
	is_string(name)
	regex.match(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, name)
}

reason := fault(input.object.metadata.name, sprintf("DNS-1123 subdomain of at most %d characters", [longest])) if {
	true
} else := "is missing"

# Null, blank, not text, or of another form.
fault(value, _) := object.problem(value)

fault(value, form) := sprintf("is %s, which is no %s", [object.show(value), form]) if {
	is_string(value)
	trim_space(value) != ""
}
