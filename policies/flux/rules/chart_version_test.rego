package flux.rules.chart_version_test

import data.flux.rules.chart_version
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in chart_version.deny with input as vectors.about(vectors.install(spec))
}

remote(version) := {"repository": "https://x/charts", "chart": "flux2", "version": version}

test_accepts_versions_and_ranges if {
	every version in [
		"2.16.4", "v2.16.4", "2.16", "2", "2.16.4-rc.1", "2.16.4+build.7", "2.16.4-rc.1+build.7", "~2.18", "~> 2.18",
		"^2.0.0", ">=2.16.0 <3.0.0", ">= 2.16.0, < 3", "2.16.0 - 2.18.3", "2.x", "2.18.*", "=2.16.4", "!=2.17.0",
		"~2.16 || ~2.18", "1 || 2||3",
	] {
		messages(remote(version)) == set()
	}
}

test_refuses_what_chooses_nothing if {
	every version in [
		"", " ", "latest", "Latest", " latest ", "*", "x", "X", "x.x.x", "*.*", "stable", "main", "2.16.4 or so", " 2.16.4",
		"2.16.4 ", "2.16.4\n", "two", "2..4", "2.16.4.1", ">=", "||", "^",
	] {
		count(messages(remote(version))) == 1
	}
}

test_refuses_what_is_no_text if {
	every version in [0, 2, 2.16, true, false, [], ["2.16.4"], {}, {"version": "2.16.4"}] {
		count(messages(remote(version))) == 1
	}
}

test_a_chart_of_a_repository_needs_a_version if {
	count(messages({"repository": "https://x/charts", "chart": "flux2"})) == 1
	count(messages(remote(null))) == 1
	count(messages({"chart": "oci://x/charts/flux2"})) == 1
	every nothing in ["", "false", 0, [], {}] {
		count(messages({"repository": nothing, "chart": "flux2"})) == 1
	}
}

test_a_local_chart_needs_none if {
	messages({"chart": "./charts/flux2"}) == set()
	messages({"chart": "./charts/flux2", "repository": null, "version": null}) == set()
	messages({"chart": "./flux2-2.18.3.tgz", "version": "2.18.3"}) == set()
	messages({}) == set()
	count(messages({"chart": "./charts/flux2", "version": ""})) == 1
	count(messages({"chart": "./charts/flux2", "version": "latest"})) == 1
}

test_the_message_says_what_is_wrong if {
	messages(remote(null)) == {"the one: spec.version is missing"}
	messages(remote("")) == {"the one: spec.version is blank"}
	messages(remote("latest")) == {"the one: spec.version is \"latest\", which chooses nothing"}
	messages(remote("*")) == {"the one: spec.version is \"*\", which chooses nothing"}
	messages(remote("two")) == {"the one: spec.version is \"two\", which is neither a version nor a range"}
	messages(remote(2)) == {"the one: spec.version is 2, not text"}
}

test_the_finding_points_at_the_version if {
	findings := chart_version.deny with input as vectors.about(vectors.install(remote(null)))
	{finding.path | some finding in findings} == {["spec", "version"]}
}

test_speaks_of_installations_alone if {
	every one in [
		vectors.git_repository(remote("latest")),
		vectors.object_of("example.com/v1", "Install", remote("latest")),
		{},
	] {
		count(chart_version.deny) == 0 with input as vectors.about(one)
	}
	every nothing in vectors.nothings {
		of_no_group := object.union(vectors.install(remote("latest")), {"apiVersion": nothing})
		count(chart_version.deny) == 1 with input as vectors.about(of_no_group)
	}
}
