output "git_url" {
  value = provider::fluxgate::git_url("git@github.com:acme/fleet.git") # ssh://git@github.com/acme/fleet.git
}
