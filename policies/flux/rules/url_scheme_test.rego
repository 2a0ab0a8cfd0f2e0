package flux.rules.url_scheme_test

import data.flux.rules.url_scheme
import data.flux.vectors

messages(spec) := {finding.msg |
	some finding in url_scheme.deny with input as vectors.about(vectors.git_repository(spec))
		with data.params as vectors.params
}

refused(spec) if count(messages(spec)) == 1

test_accepts_https_and_ssh_with_a_host if {
	every url in [
		"https://x/y",
		"https://github.com/acme/fleet.git",
		"https://git.example.com:8443/acme/fleet?x=y#z",
		"https://user@example.com/acme/fleet",
		"https://example.com",
		"https://[2001:db8::1]/fleet",
		"ssh://git@h/x",
		"ssh://git@git.example.com:2222/acme/fleet.git",
		"ssh://h/x",
	] {
		messages({"url": url}) == set()
	}
}

test_refuses_everything_else if {
	every url in [
		"http://x/y",
		"HTTPS://x/y",
		"Https://x/y",
		"git://h/x",
		"ftp://invalid",
		"file:///tmp/r",
		"file://h/r",
		" https://x/y",
		"https://x/y ",
		"https://x/ y",
		"https://x/y\n",
		"https://x\t/y",
		"https://x/y\u0000",
		" ",
		"https://",
		"https:///x",
		"https://:443/x",
		"https://user@/x",
		"https://?x",
		"https:/x/y",
		"https:x",
		"https",
		"//x/y",
		"git@",
		"git@h:x",
		"git@h:x/y.git",
		"h:x/y.git",
		"ssh://git@h:x/y",
		"https://h:port/x",
		"https://h:123456/x",
		"https://a@b@c/x",
		"https://h\\@evil/x",
		"https://bücher.example/x",
		"https://user:secret@h/x",
		"https://user:@h/x",
		"https://:secret@h/x",
		"ssh://git:secret@h/x",
	] {
		refused({"url": url})
	}
}

test_refuses_what_is_no_text if {
	refused({})
	every nothing in vectors.nothings {
		refused({"url": nothing})
	}
}

test_a_spec_of_another_type_is_refused if {
	every nothing in vectors.nothings {
		refused(nothing)
	}
}

test_an_object_without_a_spec_is_refused if {
	one := json.remove(vectors.git_repository({}), ["spec"])
	count(url_scheme.deny) == 1 with input as vectors.about(one) with data.params as vectors.params
}

test_the_message_says_what_to_write if {
	every url, words in {
		"git@h:x": "the one: spec.url is in the scp form, which the API of Flux refuses: write ssh://git@h/x",
		"git@github.com:acme/fleet.git": "write ssh://git@github.com/acme/fleet.git",
		"git@h:/srv/git": "write ssh://git@h/srv/git",
		"http://x/y": "spec.url must begin with one of https://, ssh://, in lower case",
		"file:///tmp/r": "spec.url must begin with one of https://, ssh://, in lower case",
		"https://user:secret@h/x": "spec.url carries a password",
		"https://": "spec.url names no host",
		"": "spec.url is blank",
		"fleet": "spec.url has no scheme",
		"ssh://git@h:x/y": "then at most a port number",
		" https://x/y": "spec.url holds spaces or control characters",
	} {
		some message in messages({"url": url})
		contains(message, words)
	}
	messages({}) == {"the one: spec.url is missing"}
	messages({"url": null}) == {"the one: spec.url is null"}
	messages({"url": ["https://x"]}) == {"the one: spec.url is [\"https://x\"], not text"}
}

test_no_message_repeats_what_may_be_secret if {
	every url in [
		"https://user:hunter2@h/x",
		"ssh://git:hunter2@h/x",
		"http://user:hunter2@h/x",
		"user:hunter2@h:x",
		"git@h:x?token=hunter2",
		"hunter2@h:x:y z",
		"https://user:hunter2/@h/x",
		"hunter2",
	] {
		every message in messages({"url": url}) {
			not contains(message, "hunter2")
		}
	}
}

test_the_finding_points_at_the_url if {
	findings := url_scheme.deny with input as vectors.about(vectors.git_repository({}))
		with data.params as vectors.params
	{finding.path | some finding in findings} == {["spec", "url"]}
}

test_speaks_of_git_repositories_alone if {
	every one in [
		vectors.kustomization({}),
		vectors.object_of("source.toolkit.fluxcd.io/v1", "Bucket", {}),
		vectors.object_of("example.com/v1", "GitRepository", {}),
		{},
	] {
		count(url_scheme.deny) == 0 with input as vectors.about(one) with data.params as vectors.params
	}
	every nothing in vectors.nothings {
		one := object.union(vectors.git_repository({}), {"kind": nothing})
		count(url_scheme.deny) == 0 with input as vectors.about(one) with data.params as vectors.params
	}
}

test_no_version_and_no_malformed_group_excuses if {
	every version in array.concat(vectors.nothings, ["source.toolkit.fluxcd.io/v1beta2", "v1"]) {
		one := object.union(vectors.git_repository({}), {"apiVersion": version})
		count(url_scheme.deny) == 1 with input as vectors.about(one) with data.params as vectors.params
	}
	one := json.remove(vectors.git_repository({}), ["apiVersion"])
	count(url_scheme.deny) == 1 with input as vectors.about(one) with data.params as vectors.params
}

test_a_name_that_is_missing_excuses_nothing if {
	one := json.remove(vectors.git_repository({"url": "http://x"}), ["metadata"])
	every subject in vectors.nothings {
		count(url_scheme.deny) == 1 with input as {"object": one, "subject": subject}
			with data.params as vectors.params
	}
	findings := url_scheme.deny with input as {"object": one} with data.params as vectors.params
	every finding in findings {
		startswith(finding.msg, "the object: ")
	}
}

test_the_parameter_chooses_among_what_flux_accepts if {
	one := vectors.git_repository({"url": "http://x/y"})
	count(url_scheme.deny) == 0 with input as vectors.about(one)
		with data.params as {"allowed_schemes": ["http"]}
	over_https := vectors.git_repository({"url": "https://x/y"})
	count(url_scheme.deny) == 1 with input as vectors.about(over_https)
		with data.params as {"allowed_schemes": ["ssh"]}
}

test_a_malformed_parameter_shuts if {
	one := vectors.git_repository({"url": "https://x/y"})
	count(url_scheme.deny) == 1 with input as vectors.about(one) with data.params as {}
	every value in array.concat(
		vectors.nothings,
		["https", ["file"], ["https", "file"], ["https", null], {"0": "https"}, [["https"]], [""]],
	) {
		count(url_scheme.deny) == 1 with input as vectors.about(one)
			with data.params as {"allowed_schemes": value}
	}
}
