package flux.main_test

import data.flux.main
import data.flux.vectors

test_the_report_names_every_rule_even_without_findings if {
	report := main.report with input as vectors.about({})
	object.keys(report) == {
		"chart_repository", "chart_version", "interval", "multi_tenancy", "name", "network_policy", "path", "prune", "ref",
		"source_kind", "suspend", "url_scheme",
	}
	every findings in report {
		findings == set()
	}
}

test_the_report_gathers_findings if {
	report := main.report with input as vectors.about(vectors.kustomization({}))
	count(report.interval) == 1
	count(report.prune) == 1
	count(report.source_kind) == 1
	count(report.path) == 0
	count(report.url_scheme) == 0
}
