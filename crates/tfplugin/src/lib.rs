//! OpenTofu's and Terraform's provider protocol 6, knowing nothing of Flux.
