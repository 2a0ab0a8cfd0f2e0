package flux.rules.chart_version

import data.flux.object

# METADATA
# scope: document
# title: The version of the chart is chosen
# description: |
#   Without a version, or with "latest", each apply takes whatever the repository offers that day: two
#   clusters differ although their configuration does not, and an upgrade of Flux, with its CRDs, happens when
#   nobody asked for one. A chart from a folder or an archive is what it is and needs no version.
# custom:
#   id: chart-version
#   kinds:
#     - fluxgate/Install
#   severity: deny
#   remedy: |
#     Write an exact version such as 2.18.3, or a range that ends somewhere, such as ~2.18.
#   params: []
deny contains {"msg": message, "path": ["spec", "version"]} if {
	object.concerned("fluxgate", "Install")
	not proven
	message := sprintf("%s: spec.version %s", [object.subject, reason])
}

proven if {
	not from_a_repository
	not given
}

# A wildcard alone is a range that leaves nothing out, so a number must stand somewhere.
proven if {
	is_string(input.object.spec.version)
	regex.match(form, input.object.spec.version)
	regex.match(`[0-9]`, input.object.spec.version)
}

from_a_repository if {
	repository := input.object.spec.repository
	not is_null(repository)
}

from_a_repository if {
	is_string(input.object.spec.chart)
	startswith(input.object.spec.chart, "oci://")
}

# A null in a manifest is as good as nothing there.
given if {
	version := input.object.spec.version
	not is_null(version)
}

# Versions and ranges as Helm reads them: comparisons in a row, between hyphens, or parted by || and commas.
form := sprintf(`^%s((\s*,\s*|\s+-\s+|\s*\|\|\s*|\s+)%s)*$`, [comparison, comparison])

comparison := `((=|==|!=|>|<|>=|=>|<=|=<|~|~>|\^)\s*)?v?([0-9]+|[xX*])(\.([0-9]+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?`

reason := "is missing" if {
	not given
} else := object.problem(input.object.spec.version) if {
	# Blank, or not text.
	true
} else := sprintf("is %s, which chooses nothing", [object.show(input.object.spec.version)]) if {
	regex.match(`^\s*((?i:latest)|[xX*](\.[xX*]){0,2})\s*$`, input.object.spec.version)
} else := sprintf("is %s, which is neither a version nor a range", [object.show(input.object.spec.version)])
