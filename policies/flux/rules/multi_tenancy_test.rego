package flux.rules.multi_tenancy_test

import data.flux.rules.multi_tenancy
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in multi_tenancy.deny with input as vectors.about(vectors.install(spec))
}

enabled(value) := {"values": {"multitenancy": {"enabled": value}}}

test_accepts_true if messages(enabled(true)) == set()

test_finds_everything_else if {
	every value in array.concat(vectors.nothings, [false, "true", 1, [true], {"enabled": true}]) {
		count(messages(enabled(value))) == 1
	}
	every nothing in vectors.nothings {
		count(messages({"values": {"multitenancy": nothing}})) == 1
		count(messages({"values": nothing})) == 1
		count(messages(nothing)) == 1
	}
	count(messages({})) == 1
}

test_the_message_says_what_stands_there if {
	messages({}) == {"the one: the value multitenancy.enabled must be true and is missing"}
	messages(enabled(false)) == {"the one: the value multitenancy.enabled must be true and is false"}
}

test_the_finding_points_at_the_value if {
	findings := multi_tenancy.deny with input as vectors.about(vectors.install({}))
	{finding.path | some finding in findings} == {["spec", "values", "multitenancy", "enabled"]}
}

test_speaks_of_installations_alone if {
	every one in [vectors.git_repository({}), vectors.object_of("example.com/v1", "Install", {}), {}] {
		count(multi_tenancy.deny) == 0 with input as vectors.about(one)
	}
	every nothing in vectors.nothings {
		of_no_group := object.union(vectors.install({}), {"apiVersion": nothing})
		count(multi_tenancy.deny) == 1 with input as vectors.about(of_no_group)
	}
}
