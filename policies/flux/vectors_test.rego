# Objects and values that the tests of all rules are made of.
package flux.vectors

# What stands where a value is forgotten, emptied, or of another type.
nothings := [null, "", "false", 0, [], {}]

git_repository(spec) := object_of("source.toolkit.fluxcd.io/v1", "GitRepository", spec)

kustomization(spec) := object_of("kustomize.toolkit.fluxcd.io/v1", "Kustomization", spec)

install(spec) := object_of("fluxgate/v1", "Install", spec)

object_of(api_version, kind, spec) := {
	"apiVersion": api_version,
	"kind": kind,
	"metadata": {"name": "apps", "namespace": "flux-system"},
	"spec": spec,
}

about(one) := {"object": one, "change": "create", "subject": "the one"}

params := {
	"allowed_schemes": ["https", "ssh"],
	"allowed_source_kinds": ["GitRepository"],
	"interval_at_least": "30s",
	"interval_less_than": "1h",
}
