package flux.rules.suspend_test

import data.flux.rules.suspend
import data.flux.vectors

messages(one) := {finding.msg | some finding in suspend.deny with input as vectors.about(one)}

test_accepts_false_and_nothing if {
	messages(vectors.kustomization({})) == set()
	messages(vectors.kustomization({"suspend": null})) == set()
	messages(vectors.kustomization({"suspend": false})) == set()
}

test_refuses_everything_else if {
	every value in [true, "true", "false", "", 0, 1, [], {}, [false], {"suspend": false}] {
		count(messages(vectors.kustomization({"suspend": value}))) == 1
	}
}

# Where there is no spec nothing is suspended; what a spec must hold is the matter of other rules.
test_a_spec_of_another_type_suspends_nothing if {
	every nothing in vectors.nothings {
		messages(vectors.kustomization(nothing)) == set()
	}
	messages(json.remove(vectors.kustomization({}), ["spec"])) == set()
}

test_the_message_says_what_stands_there if {
	messages(vectors.kustomization({"suspend": true})) == {"the one: spec.suspend must be false or left out and is true"}
	messages(vectors.kustomization({"suspend": "false"})) == {"the one: spec.suspend must be false or left out and is \"false\""}
}

test_the_finding_points_at_suspend if {
	findings := suspend.deny with input as vectors.about(vectors.kustomization({"suspend": true}))
	{finding.path | some finding in findings} == {["spec", "suspend"]}
}

test_speaks_of_kustomizations_of_flux_alone if {
	every one in [
		vectors.git_repository({"suspend": true}),
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {"suspend": true}),
		{},
	] {
		messages(one) == set()
	}
	every nothing in vectors.nothings {
		bad := vectors.kustomization({"suspend": true})
		messages(object.union(bad, {"kind": nothing})) == set()
		count(messages(object.union(bad, {"apiVersion": nothing}))) == 1
	}
}
