package flux.rules.network_policy

import data.flux.object

# METADATA
# scope: document
# title: Flux keeps its network policies
# description: |
#   The flux2 chart comes with network policies, unless its values say otherwise: what is not Flux reaches
#   neither the artifacts of the sources, which may hold secrets, nor the controllers.
# custom:
#   id: network-policy
#   kinds:
#     - fluxgate/Install
#   severity: warn
#   remedy: |
#     Leave policies.create out of the values, or set it to true. Where another tool makes the network
#     policies, turn this rule off.
#   params: []
deny contains {"msg": message, "path": ["spec", "values", "policies", "create"]} if {
	object.concerned("fluxgate", "Install")
	not proven
	message := sprintf("%s: the value policies.create must be true or left out and %s", [object.subject, reason])
}

proven if not given

proven if {
	is_object(input.object.spec.values.policies)
	not decided
}

proven if input.object.spec.values.policies.create == true

given if {
	_ := input.object.spec.values.policies
}

# A null is given too: it takes the chart's default away.
decided if {
	_ := input.object.spec.values.policies.create
}

reason := sprintf("is %s", [object.show(input.object.spec.values.policies.create)]) if {
	true
} else := sprintf("policies is %s", [object.show(input.object.spec.values.policies)])
