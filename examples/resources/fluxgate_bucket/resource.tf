resource "fluxgate_bucket" "example" {
  name      = "manifests"
  namespace = "flux-system"

  spec = {
    bucket_name = "acme-manifests"
    endpoint    = "fra1.digitaloceanspaces.com"
    region      = "fra1"
    prefix      = "clusters/dev/"
    interval    = "5m"
    secret_ref  = { name = "bucket-credentials" }
    ignore      = <<-EOT
      *.md
      /drafts/
    EOT
  }
}
