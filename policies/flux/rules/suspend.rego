package flux.rules.suspend

import data.flux.object

# METADATA
# scope: document
# title: Nothing starts out suspended
# description: |
#   A suspended Kustomization applies nothing and reports nothing wrong: the plan says that the cluster
#   follows Git, and it does not. To hold one for a while is a deed of the moment, not of the configuration.
# custom:
#   id: suspend
#   kinds:
#     - kustomize.toolkit.fluxcd.io/Kustomization
#   severity: deny
#   remedy: |
#     Leave spec.suspend out, or set it to false. To hold a Kustomization for a while, run
#     `flux suspend kustomization`.
#   params: []
deny contains {"msg": message, "path": ["spec", "suspend"]} if {
	object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")
	not proven
	message := sprintf(
		"%s: spec.suspend must be false or left out and is %s",
		[object.subject, object.show(input.object.spec.suspend)],
	)
}

proven if not given

# A null in a manifest is as good as nothing there.
proven if is_null(input.object.spec.suspend)

proven if input.object.spec.suspend == false

given if {
	_ := input.object.spec.suspend
}
