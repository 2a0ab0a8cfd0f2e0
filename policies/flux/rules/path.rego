package flux.rules.path

import data.flux.object

# METADATA
# scope: document
# title: The path stays inside the repository
# description: |
#   The path is a folder of the repository, counted from its root. An absolute path, or one that climbs by
#   "..", promises what Flux does not give: the controller cuts it off at the root, so another folder is
#   applied than the one that stands there.
# custom:
#   id: path
#   kinds:
#     - kustomize.toolkit.fluxcd.io/Kustomization
#   severity: deny
#   remedy: |
#     Write the folder as seen from the root of the repository, such as ./clusters/dev, or leave the path out
#     for the root itself.
#   params: []
deny contains {"msg": message, "path": ["spec", "path"]} if {
	object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")
	not proven
	message := sprintf("%s: spec.path %s", [object.subject, reason])
}

proven if not given

# A null in a manifest is as good as nothing there.
proven if is_null(input.object.spec.path)

proven if {
	is_string(input.object.spec.path)
	not absolute
	not climbs
}

given if {
	_ := input.object.spec.path
}

# A backslash parts folders too wherever somebody checks out the repository on Windows.
absolute if regex.match(`^[/\\]`, input.object.spec.path)

climbs if regex.match(`(^|[/\\])\.\.([/\\]|$)`, input.object.spec.path)

reason := object.problem(input.object.spec.path) if {
	not is_string(input.object.spec.path)
} else := sprintf("is %s, which is absolute", [object.show(input.object.spec.path)]) if {
	absolute
} else := sprintf("is %s, which climbs out of a folder by \"..\"", [object.show(input.object.spec.path)])
