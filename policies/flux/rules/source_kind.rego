package flux.rules.source_kind

import data.flux.object

# METADATA
# scope: document
# title: Manifests come from Git
# description: |
#   What runs in the cluster is what was reviewed. A Git repository has reviews and a history; a bucket or an
#   artifact of another kind has them only if somebody sees to it, so each kind that is let in is a decision.
# custom:
#   id: source-kind
#   kinds:
#     - kustomize.toolkit.fluxcd.io/Kustomization
#   severity: deny
#   remedy: |
#     Let spec.sourceRef name a source of a kind that is accepted, GitRepository unless the parameter
#     allowed_source_kinds says otherwise.
#   params:
#     - name: allowed_source_kinds
#       type: list(string)
#       description: Kinds that spec.sourceRef may name, out of Bucket, ExternalArtifact, GitRepository and OCIRepository.
deny contains {"msg": message, "path": ["spec", "sourceRef", "kind"]} if {
	object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")
	not proven
	message := sprintf("%s: %s", [object.subject, reason])
}

proven if input.object.spec.sourceRef.kind in kinds

# What the API of Flux accepts. The parameter chooses among these; anything else in it shuts the rule.
known_kinds := {"Bucket", "ExternalArtifact", "GitRepository", "OCIRepository"}

kinds contains kind if {
	is_array(data.params.allowed_source_kinds)
	every element in data.params.allowed_source_kinds {
		element in known_kinds
	}
	some kind in data.params.allowed_source_kinds
}

reason := "the parameter allowed_source_kinds must be a list of kinds of sources, and not empty" if {
	count(kinds) == 0
} else := sprintf("spec.sourceRef.kind must be one of %s and %s", [concat(", ", data.params.allowed_source_kinds), found])

found := sprintf("is %s", [object.show(input.object.spec.sourceRef.kind)]) if {
	true
} else := "is missing"
