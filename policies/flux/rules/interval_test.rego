package flux.rules.interval_test

import data.flux.rules.interval
import data.flux.vectors

messages(one) := {finding.msg |
	some finding in interval.deny with input as vectors.about(one) with data.params as vectors.params
}

both_kinds(spec) := [vectors.git_repository(spec), vectors.kustomization(spec)]

test_accepts_by_value_in_any_spelling if {
	every value in [
		"30s", "1m", "90s", "1m30s", "1m0s", "05m", "5m0s", "0.5m", "0.02h", "30000ms", "59m59s", "59m59.999s",
		"000000000000030s", "1m1m", "1s59s", "0h30s", "15m", "1800000ms",
	] {
		every one in both_kinds({"interval": value}) {
			messages(one) == set()
		}
	}
}

test_refuses_what_is_too_short_or_too_long if {
	every value in [
		"0s", "00s", "0", "29s", "29999ms", "500ms", "1ms", "1h", "60m", "3600s", "1.5h", "1h30m", "59m60s", "99999m",
		"99999h", "999999999s",
	] {
		every one in both_kinds({"interval": value}) {
			count(messages(one)) == 1
		}
	}
}

test_refuses_what_flux_does_not_read if {
	every value in [
		"1d", "1w", "1y", "60", "-1m", "+1m", "1M", "1 m", " 1m", "1m ", "1m\n", " ", "m", ".5m", "5.m", "1,5m", "1m-", "1us",
		"1µs", "60000000000ns", "1m30", "one minute", "PT1M", "１m", "1e2s",
	] {
		every one in both_kinds({"interval": value}) {
			count(messages(one)) == 1
		}
	}
}

# What would overflow in time.parse_duration_ns must not reach it.
test_refuses_what_is_beyond_every_measure if {
	every value in [
		"9999999999999999999h", "99999999999999999999999s", "100000h", "1000000000000000000ms",
		"99999h99999h99999h99999h99999h99999h99999h99999h99999h99999h",
	] {
		every one in both_kinds({"interval": value}) {
			count(messages(one)) == 1
		}
	}
}

test_refuses_what_is_no_text if {
	every one in both_kinds({}) {
		count(messages(one)) == 1
	}
	every nothing in vectors.nothings {
		every one in both_kinds({"interval": nothing}) {
			count(messages(one)) == 1
		}
		every one in both_kinds(nothing) {
			count(messages(one)) == 1
		}
	}
}

test_the_message_says_what_is_wrong if {
	every value, words in {
		"10s": "the one: spec.interval is \"10s\", which is shorter than 30s",
		"1h": "the one: spec.interval is \"1h\", which is not shorter than 1h",
		"1d": "which is not a duration that Flux reads: numbers with ms, s, m or h, such as 1m30s",
		"": "the one: spec.interval is blank",
	} {
		some message in messages(vectors.kustomization({"interval": value}))
		contains(message, words)
	}
	messages(vectors.git_repository({})) == {"the one: spec.interval is missing"}
	messages(vectors.git_repository({"interval": null})) == {"the one: spec.interval is null"}
	messages(vectors.git_repository({"interval": 60})) == {"the one: spec.interval is 60, not text"}
}

test_a_long_value_is_not_repeated_whole if {
	some message in messages(vectors.git_repository({"interval": concat("", [x | some _ in numbers.range(1, 500); x := "9"])}))
	count(message) < 250
}

test_the_finding_points_at_the_interval if {
	findings := interval.deny with input as vectors.about(vectors.kustomization({})) with data.params as vectors.params
	{finding.path | some finding in findings} == {["spec", "interval"]}
}

test_speaks_of_its_kinds_alone if {
	every one in [
		vectors.object_of("kustomize.config.k8s.io/v1beta1", "Kustomization", {}),
		vectors.object_of("source.toolkit.fluxcd.io/v1", "Kustomization", {}),
		vectors.object_of("source.toolkit.fluxcd.io/v1", "HelmRepository", {}),
		{},
	] {
		messages(one) == set()
	}
}

test_no_version_and_no_malformed_group_excuses if {
	every version in array.concat(vectors.nothings, ["v1"]) {
		every one in both_kinds({}) {
			count(messages(object.union(one, {"apiVersion": version}))) == 1
		}
	}
}

test_the_limits_are_parameters if {
	one := vectors.kustomization({"interval": "2h"})
	count(interval.deny) == 0 with input as vectors.about(one)
		with data.params as {"interval_at_least": "1h", "interval_less_than": "24h"}
	minute := vectors.kustomization({"interval": "1m"})
	count(interval.deny) == 1 with input as vectors.about(minute)
		with data.params as {"interval_at_least": "1h", "interval_less_than": "24h"}
}

test_a_malformed_parameter_shuts if {
	one := vectors.kustomization({"interval": "5m"})
	count(interval.deny) == 1 with input as vectors.about(one) with data.params as {}
	every value in array.concat(vectors.nothings, ["1d", "-1m", "99999999999999999999h", ["30s"]]) {
		count(interval.deny) == 1 with input as vectors.about(one)
			with data.params as {"interval_at_least": value, "interval_less_than": "1h"}
		count(interval.deny) == 1 with input as vectors.about(one)
			with data.params as {"interval_at_least": "30s", "interval_less_than": value}
	}
}
