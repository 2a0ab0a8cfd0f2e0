package flux.rules.chart_repository_test

import data.flux.rules.chart_repository
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in chart_repository.deny with input as vectors.about(vectors.install(spec))
}

test_accepts_https_and_oci if {
	every repository in [
		"https://fluxcd-community.github.io/helm-charts", "https://x", "https://x/", "https://x:8443/charts",
		"https://127.0.0.1:8443/charts", "https://[::1]:8443", "oci://ghcr.io/fluxcd-community/charts", "oci://x",
	] {
		messages({"repository": repository}) == set()
	}
}

test_accepts_none if {
	messages({}) == set()
	messages({"repository": null}) == set()
	messages({"chart": "./charts/flux2"}) == set()
}

test_refuses_everything_else if {
	every repository in [
		"", " ", "http://x", "HTTPS://x", " https://x", "https://x ", "https://x\n", "https://x/a b", "https://", "https:///x",
		"https:x", "https", "//x", "ftp://x", "file:///x", "git@h:x", "fluxcd", "@fluxcd", "https://u:p@x", "https://u@x",
		"https://x/?a=b", "https://x/#a", "https://x:port", "https://x\\y", "oci:x", "OCI://x",
	] {
		count(messages({"repository": repository})) == 1
	}
	every nothing in ["", "false", 0, [], {}, true, ["https://x"]] {
		count(messages({"repository": nothing})) == 1
	}
}

test_the_message_says_what_is_wrong if {
	every repository, words in {
		"": "the one: spec.repository is blank",
		"http://x": "the one: spec.repository must begin with https:// or oci://, in lower case",
		" https://x": "the one: spec.repository must begin with https:// or oci://, in lower case",
		"https://u:p@x": "the one: spec.repository carries a user or a password, which does not belong there",
		"https://x/ y": "the one: spec.repository must be scheme://host/path, without spaces, query or fragment",
	} {
		messages({"repository": repository}) == {words}
	}
	messages({"repository": 7}) == {"the one: spec.repository is 7, not text"}
}

test_no_message_repeats_what_may_be_secret if {
	every repository in ["https://u:hunter2@x", "http://u:hunter2@x", "u:hunter2@x", "https://x/?token=hunter2", "hunter2"] {
		every message in messages({"repository": repository}) {
			not contains(message, "hunter2")
		}
	}
}

test_the_finding_points_at_the_repository if {
	findings := chart_repository.deny with input as vectors.about(vectors.install({"repository": ""}))
	{finding.path | some finding in findings} == {["spec", "repository"]}
}

test_speaks_of_installations_alone if {
	every one in [
		vectors.git_repository({"repository": "http://x"}),
		vectors.object_of("example.com/v1", "Install", {"repository": "http://x"}),
		{},
	] {
		count(chart_repository.deny) == 0 with input as vectors.about(one)
	}
	every nothing in vectors.nothings {
		of_no_group := object.union(vectors.install({"repository": "http://x"}), {"apiVersion": nothing})
		count(chart_repository.deny) == 1 with input as vectors.about(of_no_group)
	}
}
