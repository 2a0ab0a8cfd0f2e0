package flux.rules.name_test

import data.flux.rules.name
import data.flux.vectors

messages(one) := {finding.msg | some finding in name.deny with input as vectors.about(one)}

called(value) := [object.union(one, {"metadata": {"name": value}}) | some one in each]

each := [vectors.git_repository({}), vectors.kustomization({}), vectors.install({})]

long(count) := concat("", ["a" | some _ in numbers.range(1, count)])

test_accepts_dns_subdomains if {
	every value in ["a", "1", "flux-system", "a.b", "a-b.c-d.e", long(53)] {
		every one in called(value) {
			messages(one) == set()
		}
	}
}

test_a_release_has_a_shorter_name_than_an_object if {
	some value in [long(54), long(253)]
	[vectors_accept | some one in called(value); vectors_accept := count(messages(one))] == [0, 0, 1]
}

test_refuses_everything_else if {
	every value in array.concat(
		[null, "", 0, [], {}],
		[
			"Bad_Name", "flux_system", "Flux", " flux", "flux ", "a..b", ".a", "a.", "-a", "a-", "a.-b", "a/b", "ä", " ",
			"a\n", long(254), true, ["a"],
		],
	) {
		every one in called(value) {
			count(messages(one)) == 1
		}
	}
}

test_refuses_what_has_no_name if {
	every one in each {
		count(messages(json.remove(one, ["metadata/name"]))) == 1
		count(messages(json.remove(one, ["metadata"]))) == 1
		every nothing in vectors.nothings {
			count(messages(object.union(json.remove(one, ["metadata"]), {"metadata": nothing}))) == 1
		}
	}
}

test_the_message_says_what_is_wrong if {
	messages(json.remove(vectors.kustomization({}), ["metadata"])) == {"the one: metadata.name is missing"}
	every one in called("") {
		messages(one) == {"the one: metadata.name is blank"}
	}
	messages(called("Bad_Name")[0]) == {"the one: metadata.name is \"Bad_Name\", which is no DNS-1123 subdomain of at most 253 characters"}
	messages(called(null)[1]) == {"the one: metadata.name is null"}
	messages(called(7)[2]) == {"the one: metadata.name is 7, not text"}
}

in_namespace(value) := [object.union(one, {"metadata": {"namespace": value}}) | some one in each]

test_a_namespace_is_a_label if {
	every value in ["a", "1", "flux-system", long(63), null] {
		every one in in_namespace(value) {
			messages(one) == set()
		}
	}
	every value in [
		"", " ", " flux", "flux ", "Flux", "flux_system", "-a", "a-", "a.b", "a\n", long(64), 0, true, [], {},
	] {
		every one in in_namespace(value) {
			count(messages(one)) == 1
		}
	}
	every one in each {
		messages(json.remove(one, ["metadata/namespace"])) == set()
	}
}

with_secret(secret) := vectors.git_repository({"secretRef": secret})

test_a_secret_has_the_name_of_an_object if {
	every value in ["a", "git-credentials", "a.b", long(253)] {
		messages(with_secret({"name": value})) == set()
	}
	every value in ["", " ", " a", "Bad_Name", long(254), null, 0, [], {}] {
		count(messages(with_secret({"name": value}))) == 1
	}
	every nothing in vectors.nothings {
		messages(with_secret(nothing)) == set()
		messages(vectors.git_repository(nothing)) == set()
	}
}

test_the_findings_point_at_the_names if {
	one := object.union(with_secret({"name": " "}), {"metadata": {"namespace": "Flux"}})
	findings := name.deny with input as vectors.about(one)
	{finding.path | some finding in findings} == {["metadata", "namespace"], ["spec", "secretRef", "name"]}
}

test_the_finding_points_at_the_name if {
	findings := name.deny with input as vectors.about(json.remove(vectors.kustomization({}), ["metadata"]))
	{finding.path | some finding in findings} == {["metadata", "name"]}
}

test_speaks_of_its_kinds_alone if {
	every one in [
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {}),
		vectors.object_of("example.com/v1", "GitRepository", {}),
		{},
	] {
		messages(json.remove(one, ["metadata"])) == set()
	}
	every nothing in vectors.nothings {
		of_no_group := object.union(json.remove(vectors.kustomization({}), ["metadata"]), {"apiVersion": nothing})
		count(messages(of_no_group)) == 1
	}
}
