package flux.rules.ref

import data.flux.object

# METADATA
# scope: document
# title: It is said what to check out
# description: |
#   Without a reference Flux follows a branch called master, which many repositories do not have. With
#   several, one silently goes before the others, and a reader of the plan looks at the wrong one.
# custom:
#   id: ref
#   kinds:
#     - source.toolkit.fluxcd.io/GitRepository
#   severity: deny
#   remedy: |
#     Set exactly one of branch, tag, semver, commit and name in spec.ref, such as branch main. A commit may
#     stand with the branch that holds it.
#   params: []
deny contains {"msg": message, "path": ["spec", "ref"]} if {
	object.concerned("source.toolkit.fluxcd.io", "GitRepository")
	not proven
	message := sprintf("%s: %s", [object.subject, reason])
}

proven if {
	count(faulty) == 0
	count(given) == 1
}

proven if {
	count(faulty) == 0
	given == {"branch", "commit"}
}

ways := ["branch", "tag", "semver", "commit", "name"]

# What is said of the reference. A null in a manifest is as good as nothing there.
given contains way if {
	some way in ways
	value := input.object.spec.ref[way]
	not is_null(value)
}

# What is said and means nothing: blank, or not text.
faulty[way] := object.problem(input.object.spec.ref[way]) if some way in given

reason := concat(", ", [sprintf("spec.ref.%s %s", [way, faulty[way]]) | some way in ways; faulty[way]]) if {
	count(faulty) > 0
} else := sprintf("spec.ref sets %s, and only one of them counts", [concat(", ", in_order)]) if {
	count(given) > 0
} else := sprintf("spec.ref must set one of %s", [concat(", ", ways)])

in_order := [way | some way in ways; way in given]
