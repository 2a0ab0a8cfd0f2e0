package flux.rules.ref_test

import data.flux.rules.ref
import data.flux.vectors

messages(spec) := {finding.msg | some finding in ref.deny with input as vectors.about(vectors.git_repository(spec))}

test_accepts_exactly_one if {
	every way in ["branch", "tag", "semver", "commit", "name"] {
		messages({"ref": {way: "x"}}) == set()
		messages({"ref": {way: "x", "other": 7}}) == set()
	}
	messages({"ref": {"branch": "main", "tag": null, "semver": null, "commit": null, "name": null}}) == set()
}

test_a_commit_may_stand_with_its_branch if messages({"ref": {"branch": "main", "commit": "0123abc"}}) == set()

test_refuses_more_than_one if {
	every ref in [
		{"branch": "main", "tag": "v1"},
		{"branch": "main", "name": "refs/heads/x"},
		{"tag": "v1", "semver": ">=1"},
		{"commit": "0123abc", "tag": "v1"},
		{"branch": "main", "commit": "0123abc", "tag": "v1"},
	] {
		count(messages({"ref": ref})) == 1
	}
}

test_refuses_none if {
	count(messages({})) == 1
	every nothing in vectors.nothings {
		count(messages({"ref": nothing})) == 1
	}
	every ref in ["main", ["main"], {"other": "main"}, {"Branch": "main"}, true] {
		count(messages({"ref": ref})) == 1
	}
}

test_refuses_what_is_blank_or_no_text if {
	every way in ["branch", "tag", "semver", "commit", "name"] {
		every value in [null, "", " ", "\t\n", 0, 1, false, true, [], ["main"], {}, {"branch": "main"}] {
			count(messages({"ref": {way: value}})) == 1
		}
		every value in ["", " ", 0, false, [], {}] {
			count(messages({"ref": object.union({"branch": "main"}, {way: value})})) == 1
		}
	}
}

test_a_spec_of_another_type_is_refused if {
	every nothing in vectors.nothings {
		count(messages(nothing)) == 1
	}
	one := json.remove(vectors.git_repository({}), ["spec"])
	count(ref.deny) == 1 with input as vectors.about(one)
}

test_the_message_says_what_is_wrong if {
	messages({}) == {"the one: spec.ref must set one of branch, tag, semver, commit, name"}
	messages({"ref": {"branch": " "}}) == {"the one: spec.ref.branch is blank"}
	messages({"ref": {"branch": "main", "tag": 7}}) == {"the one: spec.ref.tag is 7, not text"}
	messages({"ref": {"tag": "v1", "branch": "main"}}) == {"the one: spec.ref sets branch, tag, and only one of them counts"}
}

test_the_finding_points_at_the_reference if {
	findings := ref.deny with input as vectors.about(vectors.git_repository({}))
	{finding.path | some finding in findings} == {["spec", "ref"]}
}

test_speaks_of_git_repositories_alone if {
	every one in [
		vectors.kustomization({}),
		vectors.object_of("source.toolkit.fluxcd.io/v1", "OCIRepository", {}),
		vectors.object_of("example.com/v1", "GitRepository", {}),
		{},
	] {
		count(ref.deny) == 0 with input as vectors.about(one)
	}
	every nothing in vectors.nothings {
		of_no_kind := object.union(vectors.git_repository({}), {"kind": nothing})
		count(ref.deny) == 0 with input as vectors.about(of_no_kind)
		of_no_group := object.union(vectors.git_repository({}), {"apiVersion": nothing})
		count(ref.deny) == 1 with input as vectors.about(of_no_group)
	}
}
