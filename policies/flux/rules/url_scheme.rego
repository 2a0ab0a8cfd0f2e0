package flux.rules.url_scheme

import data.flux.object

# METADATA
# scope: document
# title: Git is fetched over https or ssh
# description: |
#   Flux runs what it fetches, so the way to the repository must be authenticated and encrypted. The
#   Flux API itself accepts http, https and ssh only: the scp form (git@host:path) and file:// look right
#   in a plan and are refused later by the cluster. A password in the URL would end up in state, in events
#   and on dashboards.
# custom:
#   id: url-scheme
#   kinds:
#     - source.toolkit.fluxcd.io/GitRepository
#   severity: deny
#   remedy: |
#     Write https://host/path or ssh://git@host/path, and keep credentials in the Secret that
#     spec.secretRef names.
#   params:
#     - name: allowed_schemes
#       type: list(string)
#       description: Schemes that spec.url may use, out of http, https and ssh.
deny contains {"msg": message, "path": ["spec", "url"]} if {
	object.concerned("source.toolkit.fluxcd.io", "GitRepository")
	not proven
	message := sprintf("%s: %s", [object.subject, reason])
}

# The whole form of a URL that is accepted: scheme, perhaps a user without a password, host, perhaps a port.
form := `^[a-z]+://([^\s\x00-\x1f\x7f:@/?#\\]+@)?([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][^\s\x00-\x1f\x7f]*)?$`

proven if {
	is_string(input.object.spec.url)
	some scheme in schemes
	startswith(input.object.spec.url, concat("", [scheme, "://"]))
	regex.match(form, input.object.spec.url)
}

# What the API of Flux accepts. The parameter chooses among these; anything else in it shuts the rule.
known_schemes := {"http", "https", "ssh"}

schemes contains scheme if {
	is_array(data.params.allowed_schemes)
	every element in data.params.allowed_schemes {
		element in known_schemes
	}
	some scheme in data.params.allowed_schemes
}

reason := "the parameter allowed_schemes must be a list out of http, https and ssh, and not empty" if {
	count(schemes) == 0
} else := concat(" ", ["spec.url", object.problem(input.object.spec.url)]) if {
	# Null, blank, or not text.
	true
} else := "spec.url is missing" if {
	not given
} else := sprintf("spec.url is in the scp form, which the API of Flux refuses: write %s", [ssh_form]) if {
	regex.match(`^[^\s:@/]+@[^\s:@/]+:`, input.object.spec.url)
} else := "spec.url holds spaces or control characters" if {
	regex.match(`[\s\x00-\x1f\x7f]`, input.object.spec.url)
} else := sprintf("spec.url has no scheme: write one of %s", [allowed]) if {
	not contains(input.object.spec.url, "://")
} else := sprintf("spec.url must begin with one of %s, in lower case", [allowed]) if {
	not has_allowed_scheme
} else := "spec.url carries a password, which does not belong there" if {
	regex.match(`^[a-z]+://[^/?#]*:[^/?#]*@`, input.object.spec.url)
} else := "spec.url names no host" if {
	regex.match(`^[a-z]+://([^/?#@]*@)?(:[0-9]*)?([/?#]|$)`, input.object.spec.url)
} else := "spec.url must be scheme://host/path: a host of ASCII letters, digits, dots and hyphens, then at most a port number"

given if {
	_ := input.object.spec.url
}

allowed := concat(", ", [sprintf("%s://", [scheme]) | some scheme in schemes])

has_allowed_scheme if {
	some scheme in schemes
	startswith(input.object.spec.url, concat("", [scheme, "://"]))
}

# Only a plain user, host and path are repeated in the message: whatever else stands there may be a secret.
ssh_form := sprintf("ssh://%s@%s/%s", [parts[1], parts[2], parts[3]]) if {
	pattern := `^([a-z][a-z0-9-]{0,31})@([A-Za-z0-9][A-Za-z0-9.-]*):/*([A-Za-z0-9._~+/-]+)$`
	some parts in regex.find_all_string_submatch_n(pattern, input.object.spec.url, 1)
} else := "ssh://git@host/path"
