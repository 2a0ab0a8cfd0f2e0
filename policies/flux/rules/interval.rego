package flux.rules.interval

import data.flux.object

# METADATA
# scope: document
# title: Flux looks often, but not all the time
# description: |
#   The interval bounds how long a change in Git, or a change made by hand in the cluster, goes unnoticed.
#   A very short one wears on the Git host and on the API server, a long one leaves drift standing. The
#   interval is compared by its value, in any spelling that Flux accepts: 90s and 1m30s are the same.
# custom:
#   id: interval
#   kinds:
#     - source.toolkit.fluxcd.io/GitRepository
#     - kustomize.toolkit.fluxcd.io/Kustomization
#   severity: deny
#   remedy: |
#     Write a Flux duration within the limits, such as 5m. Units are ms, s, m and h; there are no days or
#     weeks.
#   params:
#     - name: interval_at_least
#       type: duration
#       description: The shortest interval that is accepted.
#     - name: interval_less_than
#       type: duration
#       description: The interval must be shorter than this.
deny contains {"msg": message, "path": ["spec", "interval"]} if {
	concerned
	not proven
	message := sprintf("%s: %s", [object.subject, reason])
}

concerned if object.concerned("source.toolkit.fluxcd.io", "GitRepository")

concerned if object.concerned("kustomize.toolkit.fluxcd.io", "Kustomization")

proven if {
	value := nanoseconds(input.object.spec.interval)
	value >= at_least
	value < less_than
}

at_least := nanoseconds(data.params.interval_at_least)

less_than := nanoseconds(data.params.interval_less_than)

# nanoseconds(text) is undefined for what is not a Flux duration, and for what could overflow: at most nine
# groups, each of at most 31 years, so that the builtin itself never fails.
nanoseconds(text) := time.parse_duration_ns(text) if {
	is_string(text)
	regex.match(concat("", [`^(0*(`, milliseconds, "|", seconds, "|", minutes, "|", hours, `)){1,9}$`]), text)
}

milliseconds := `[0-9]{1,12}(\.[0-9]+)?ms`

seconds := `[0-9]{1,9}(\.[0-9]+)?s`

minutes := `[0-9]{1,7}(\.[0-9]+)?m`

hours := `[0-9]{1,5}(\.[0-9]+)?h`

reason := "the parameter interval_at_least must be a duration such as 30s" if {
	not at_least
} else := "the parameter interval_less_than must be a duration such as 1h" if {
	not less_than
} else := concat(" ", ["spec.interval", object.problem(input.object.spec.interval)]) if {
	# Null, blank, or not text.
	true
} else := "spec.interval is missing" if {
	not given
} else := sprintf(
	"spec.interval is %s, which is shorter than %s",
	[object.show(input.object.spec.interval), data.params.interval_at_least],
) if {
	nanoseconds(input.object.spec.interval) < at_least
} else := sprintf(
	"spec.interval is %s, which is not shorter than %s",
	[object.show(input.object.spec.interval), data.params.interval_less_than],
) if {
	nanoseconds(input.object.spec.interval) >= less_than
} else := sprintf(
	"spec.interval is %s, which is not a duration that Flux reads: numbers with ms, s, m or h, such as 1m30s",
	[object.show(input.object.spec.interval)],
)

given if {
	_ := input.object.spec.interval
}
