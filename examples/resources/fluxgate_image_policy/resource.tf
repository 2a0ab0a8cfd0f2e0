resource "fluxgate_image_policy" "example" {
  name      = "web"
  namespace = "flux-system"

  spec = {
    image_repository_ref     = { name = "web" }
    policy                   = { semver = { range = "1.x" } }
    digest_reflection_policy = "IfNotPresent"
  }
}

# The newest build of a branch, whose tags look like main-3f2a1c9-1767225600.
resource "fluxgate_image_policy" "main" {
  name      = "web-main"
  namespace = "flux-system"

  spec = {
    image_repository_ref = { name = "web" }
    policy               = { numerical = { order = "asc" } }
    filter_tags = {
      pattern = "^main-[0-9a-f]+-(?P<time>[0-9]+)$"
      extract = "$time"
    }
  }
}
