output "relative_path" {
  value = provider::fluxgate::relative_path("clusters//dev/") # ./clusters/dev
}
