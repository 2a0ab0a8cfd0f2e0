package flux.rules.source_kind_test

import data.flux.rules.source_kind
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in source_kind.deny with input as vectors.about(vectors.kustomization(spec))
		with data.params as vectors.params
}

of_kind(kind) := {"sourceRef": {"kind": kind, "name": "apps"}}

test_accepts_git_repositories if messages(of_kind("GitRepository")) == set()

test_refuses_every_other_kind if {
	every kind in [
		"OCIRepository", "Bucket", "ExternalArtifact", "HelmRepository", "gitrepository", "GitRepository ", " ",
		["GitRepository"], {"GitRepository": true}, true,
	] {
		count(messages(of_kind(kind))) == 1
	}
	every nothing in vectors.nothings {
		count(messages(of_kind(nothing))) == 1
	}
}

test_refuses_a_missing_kind if {
	count(messages({})) == 1
	every nothing in vectors.nothings {
		count(messages({"sourceRef": nothing})) == 1
		count(messages(nothing)) == 1
	}
	count(messages({"sourceRef": {"name": "apps"}})) == 1
	count(messages({"sourceRef": "GitRepository"})) == 1
	one := json.remove(vectors.kustomization({}), ["spec"])
	count(source_kind.deny) == 1 with input as vectors.about(one) with data.params as vectors.params
}

test_the_message_says_what_stands_there if {
	messages({}) == {"the one: spec.sourceRef.kind must be one of GitRepository and is missing"}
	messages(of_kind("Bucket")) == {"the one: spec.sourceRef.kind must be one of GitRepository and is \"Bucket\""}
	messages(of_kind(null)) == {"the one: spec.sourceRef.kind must be one of GitRepository and is null"}
}

test_the_finding_points_at_the_kind if {
	findings := source_kind.deny with input as vectors.about(vectors.kustomization({}))
		with data.params as vectors.params
	{finding.path | some finding in findings} == {["spec", "sourceRef", "kind"]}
}

test_speaks_of_kustomizations_of_flux_alone if {
	every one in [
		vectors.git_repository({}),
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {}),
		{},
	] {
		count(source_kind.deny) == 0 with input as vectors.about(one) with data.params as vectors.params
	}
	every nothing in vectors.nothings {
		of_no_kind := object.union(vectors.kustomization({}), {"kind": nothing})
		count(source_kind.deny) == 0 with input as vectors.about(of_no_kind) with data.params as vectors.params
		of_no_group := object.union(vectors.kustomization({}), {"apiVersion": nothing})
		count(source_kind.deny) == 1 with input as vectors.about(of_no_group) with data.params as vectors.params
	}
}

test_the_parameter_chooses_among_what_flux_accepts if {
	of_oci := vectors.about(vectors.kustomization(of_kind("OCIRepository")))
	count(source_kind.deny) == 0 with input as of_oci
		with data.params as {"allowed_source_kinds": ["GitRepository", "OCIRepository"]}
	of_git := vectors.about(vectors.kustomization(of_kind("GitRepository")))
	count(source_kind.deny) == 1 with input as of_git with data.params as {"allowed_source_kinds": ["Bucket"]}
}

test_a_malformed_parameter_shuts if {
	one := vectors.about(vectors.kustomization(of_kind("GitRepository")))
	count(source_kind.deny) == 1 with input as one with data.params as {}
	every value in array.concat(
		vectors.nothings,
		[
			"GitRepository", ["HelmRepository"], ["GitRepository", "HelmRepository"], ["GitRepository", null],
			{"0": "GitRepository"}, [["GitRepository"]], [""],
		],
	) {
		count(source_kind.deny) == 1 with input as one with data.params as {"allowed_source_kinds": value}
	}
}
