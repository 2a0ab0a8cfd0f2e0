package flux.rules.path_test

import data.flux.rules.path
import data.flux.vectors

messages(one) := {finding.msg | some finding in path.deny with input as vectors.about(one)}

test_accepts_what_is_relative if {
	every value in [
		"", ".", "./", "./a", "a", "a/b", "./.", "./a//b", "./..foo", "./foo..", "..foo", "foo..", "...", "a/.../b",
		"./a b", " ", "a\\b",
	] {
		messages(vectors.kustomization({"path": value})) == set()
	}
}

test_no_path_is_the_root if {
	messages(vectors.kustomization({})) == set()
	messages(vectors.kustomization({"path": null})) == set()
}

test_refuses_what_is_absolute_or_climbs if {
	every value in [
		"/", "/abs", "//a", "/./a", "\\", "\\abs", "..", "../", "../x", "./..", "./../x", "./a/..", "./a/../b", "a/../b",
		"..\\x", "a\\..\\b", "./a\\..\\b", "a/..\\b", "a\\..",
	] {
		count(messages(vectors.kustomization({"path": value}))) == 1
	}
}

test_refuses_what_is_no_text if {
	every value in [0, 1, false, true, [], ["./a"], {}, {"path": "./a"}] {
		count(messages(vectors.kustomization({"path": value}))) == 1
	}
}

# Where there is no spec there is no path; what a spec must hold is the matter of other rules.
test_a_spec_of_another_type_has_no_path if {
	every nothing in vectors.nothings {
		messages(vectors.kustomization(nothing)) == set()
	}
}

test_the_message_says_what_is_wrong if {
	messages(vectors.kustomization({"path": "/abs"})) == {"the one: spec.path is \"/abs\", which is absolute"}
	messages(vectors.kustomization({"path": "../x"})) == {"the one: spec.path is \"../x\", which climbs out of a folder by \"..\""}
	messages(vectors.kustomization({"path": 7})) == {"the one: spec.path is 7, not text"}
}

test_the_finding_points_at_the_path if {
	findings := path.deny with input as vectors.about(vectors.kustomization({"path": "/abs"}))
	{finding.path | some finding in findings} == {["spec", "path"]}
}

test_speaks_of_kustomizations_of_flux_alone if {
	every one in [
		vectors.git_repository({"path": "/abs"}),
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {"path": "/abs"}),
		{},
	] {
		messages(one) == set()
	}
	every nothing in vectors.nothings {
		bad := vectors.kustomization({"path": "/abs"})
		messages(object.union(bad, {"kind": nothing})) == set()
		count(messages(object.union(bad, {"apiVersion": nothing}))) == 1
	}
}
