package flux.rules.multi_tenancy

import data.flux.object

# METADATA
# scope: document
# title: Flux keeps tenants apart
# description: |
#   As the flux2 chart comes, whoever may create a Kustomization or a HelmRelease in any namespace acts with
#   the rights of Flux, which are those of the whole cluster, and may use sources of other namespaces.
# custom:
#   id: multi-tenancy
#   kinds:
#     - fluxgate/Install
#   severity: warn
#   remedy: |
#     Set multitenancy.enabled to true in the values: then what names no ServiceAccount acts as `default` of
#     its own namespace, and references into other namespaces are refused. The Kustomization that Flux is
#     to keep the cluster by needs a ServiceAccount with rights then. On a cluster of one team, turn this rule
#     off.
#   params: []
deny contains {"msg": message, "path": ["spec", "values", "multitenancy", "enabled"]} if {
	object.concerned("fluxgate", "Install")
	not proven
	message := sprintf("%s: the value multitenancy.enabled must be true and %s", [object.subject, reason])
}

proven if input.object.spec.values.multitenancy.enabled == true

reason := sprintf("is %s", [object.show(input.object.spec.values.multitenancy.enabled)]) if {
	true
} else := "is missing"
