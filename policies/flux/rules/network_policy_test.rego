package flux.rules.network_policy_test

import data.flux.rules.network_policy
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in network_policy.deny with input as vectors.about(vectors.install(spec))
}

with_values(values) := {"values": values}

test_accepts_the_default_and_true if {
	every values in [
		{}, {"other": false}, {"policies": {}}, {"policies": {"other": false}}, {"policies": {"create": true}},
	] {
		messages(with_values(values)) == set()
	}
	messages({}) == set()
}

test_finds_everything_else if {
	every value in array.concat(vectors.nothings, [false, "true", 1, [true], {"create": true}]) {
		count(messages(with_values({"policies": {"create": value}}))) == 1
	}
	every value in [null, "", "false", 0, [], false, true, ["create"]] {
		count(messages(with_values({"policies": value}))) == 1
	}
}

# Values that are no mapping are refused before any rule is asked.
test_values_of_another_type_say_nothing if {
	every nothing in vectors.nothings {
		messages(with_values(nothing)) == set()
	}
}

test_the_message_says_what_stands_there if {
	messages(with_values({"policies": {"create": false}})) == {"the one: the value policies.create must be true or left out and is false"}
	messages(with_values({"policies": null})) == {"the one: the value policies.create must be true or left out and policies is null"}
}

test_the_finding_points_at_the_value if {
	findings := network_policy.deny with input as vectors.about(vectors.install(with_values({"policies": {"create": false}})))
	{finding.path | some finding in findings} == {["spec", "values", "policies", "create"]}
}

test_speaks_of_installations_alone if {
	off := with_values({"policies": {"create": false}})
	every one in [vectors.git_repository(off), vectors.object_of("example.com/v1", "Install", off), {}] {
		count(network_policy.deny) == 0 with input as vectors.about(one)
	}
	every nothing in vectors.nothings {
		of_no_group := object.union(vectors.install(off), {"apiVersion": nothing})
		count(network_policy.deny) == 1 with input as vectors.about(of_no_group)
	}
}
