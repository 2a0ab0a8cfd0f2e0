package flux.rules.prune

import data.flux.object

# METADATA
# scope: document
# title: What leaves Git leaves the cluster
# description: |
#   With pruning off, Flux never removes what was once applied: deleting a file from Git changes nothing in
#   the cluster, and the two drift apart unseen.
# custom:
#   id: prune
#   kinds:
#     - kustomize.toolkit.fluxcd.io/Kustomization
#   severity: deny
#   remedy: |
#     Set spec.prune to true. To keep a single object, annotate that object with
#     kustomize.toolkit.fluxcd.io/prune: disabled.
#   params: []
deny contains {"msg": message, "path": ["spec", "prune"]} if {
	object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")
	not proven
	message := sprintf("%s: spec.prune must be true and %s", [object.subject, reason])
}

proven if input.object.spec.prune == true

reason := sprintf("is %s", [object.show(input.object.spec.prune)]) if {
	true
} else := "is missing"
