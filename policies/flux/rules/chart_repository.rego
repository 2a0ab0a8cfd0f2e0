package flux.rules.chart_repository

import data.flux.object

# METADATA
# scope: document
# title: Charts are fetched over https or from an OCI registry
# description: |
#   The chart installs controllers that may do anything in the cluster, so the way to it must be
#   authenticated and encrypted. A password in the address would end up in state and in logs.
# custom:
#   id: chart-repository
#   kinds:
#     - fluxgate/Install
#   severity: deny
#   remedy: |
#     Write https://host/path or oci://host/path, with credentials in repository_username and
#     repository_password_wo, or no repository for a chart that is a folder or an archive.
#   params: []
deny contains {"msg": message, "path": ["spec", "repository"]} if {
	object.concerned("fluxgate", "Install")
	not proven
	message := sprintf("%s: spec.repository %s", [object.subject, reason])
}

proven if not given

proven if {
	is_string(input.object.spec.repository)
	regex.match(form, input.object.spec.repository)
}

# A null in a manifest is as good as nothing there.
given if {
	repository := input.object.spec.repository
	not is_null(repository)
}

# The whole form of an address that is accepted: scheme, host, perhaps a port and a path.
form := `^(https|oci)://([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s\x00-\x1f\x7f?#@\\]*)?$`

# The address itself is not repeated, since what is wrong with it may be a password.
reason := object.problem(input.object.spec.repository) if {
	# Blank, or not text.
	true
} else := "must begin with https:// or oci://, in lower case" if {
	not regex.match(`^(https|oci)://`, input.object.spec.repository)
} else := "carries a user or a password, which does not belong there" if {
	contains(input.object.spec.repository, "@")
} else := "must be scheme://host/path, without spaces, query or fragment"
