package flux.rules.prune_test

import data.flux.rules.prune
import data.flux.vectors

messages(one) := {finding.msg | some finding in prune.deny with input as vectors.about(one)}

test_accepts_true if messages(vectors.kustomization({"prune": true})) == set()

test_refuses_everything_else if {
	every value in array.concat(vectors.nothings, [false, "true", 1, [true], {"prune": true}]) {
		count(messages(vectors.kustomization({"prune": value}))) == 1
	}
	count(messages(vectors.kustomization({}))) == 1
}

test_a_spec_of_another_type_is_refused if {
	every nothing in vectors.nothings {
		count(messages(vectors.kustomization(nothing))) == 1
	}
	count(messages(json.remove(vectors.kustomization({}), ["spec"]))) == 1
}

test_the_message_says_what_stands_there if {
	messages(vectors.kustomization({})) == {"the one: spec.prune must be true and is missing"}
	messages(vectors.kustomization({"prune": false})) == {"the one: spec.prune must be true and is false"}
	messages(vectors.kustomization({"prune": null})) == {"the one: spec.prune must be true and is null"}
	messages(vectors.kustomization({"prune": "false"})) == {"the one: spec.prune must be true and is \"false\""}
}

test_the_finding_points_at_prune if {
	findings := prune.deny with input as vectors.about(vectors.kustomization({}))
	{finding.path | some finding in findings} == {["spec", "prune"]}
}

test_speaks_of_kustomizations_of_flux_alone if {
	every one in [
		vectors.git_repository({}),
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {}),
		{},
	] {
		messages(one) == set()
	}
	every nothing in vectors.nothings {
		messages(object.union(vectors.kustomization({}), {"kind": nothing})) == set()
		count(messages(object.union(vectors.kustomization({}), {"apiVersion": nothing}))) == 1
	}
}
