# The untouched default, what null means, and what each field refuses. The provider is a mock: no cluster, no chart.

mock_provider "fluxgate" {}

run "the_untouched_default_is_valid_and_installs_nothing" {
  command = plan

  assert {
    condition     = output.flux_namespace == null && output.flux_git_repository_name == null && output.flux_kustomization_name == null
    error_message = "Something would be installed."
  }
}

run "null_is_the_default_everywhere" {
  command = plan

  variables {
    flux = {
      install            = null
      kubeconfig_path    = null
      namespace          = null
      git_repository     = null
      reconcile_interval = null
      kustomization      = null
      helm               = null
    }
  }

  assert {
    condition     = output.flux_namespace == null
    error_message = "Something would be installed."
  }
}

run "what_only_an_installation_reads_is_not_looked_at_without_one" {
  command = plan

  variables {
    flux = {
      git_repository     = { url = "", branch = "", path = "/abs" }
      reconcile_interval = "1d"
      kustomization      = { prune = false, timeout = "5" }
      helm               = { version = "latest" }
    }
  }

  assert {
    condition     = output.flux_namespace == null
    error_message = "Something would be installed."
  }
}

run "a_kubeconfig_and_a_url_are_enough_to_install" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
    }
  }

  assert {
    condition = alltrue([
      output.flux_namespace == "flux-system",
      output.flux_git_repository_name == "flux-system",
      output.flux_kustomization_name == "flux-system",
    ])
    error_message = "The outputs do not name what would be made."
  }
}

run "install_without_a_kubeconfig" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = ""
      git_repository  = { url = "https://example.com/fleet.git" }
    }
  }

  expect_failures = [var.flux]
}

run "install_with_a_blank_kubeconfig" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = " \n\t"
      git_repository  = { url = "https://example.com/fleet.git" }
    }
  }

  expect_failures = [var.flux]
}

run "install_with_a_null_kubeconfig" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = null
      git_repository  = { url = "https://example.com/fleet.git" }
    }
  }

  expect_failures = [var.flux]
}

run "install_without_a_url" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
    }
  }

  expect_failures = [var.flux]
}

run "install_with_a_blank_url" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "" }
    }
  }

  expect_failures = [var.flux]
}

run "a_url_of_another_scheme" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "ftp://invalid" }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_branch" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git", branch = "" }
    }
  }

  expect_failures = [var.flux]
}

run "an_absolute_path" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git", path = "/abs" }
    }
  }

  expect_failures = [var.flux]
}

run "a_path_that_climbs" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git", path = "./a/../b" }
    }
  }

  expect_failures = [var.flux]
}

run "an_interval_of_a_day" {
  command = plan

  variables {
    flux = {
      install            = true
      kubeconfig_path    = "./kubeconfig"
      git_repository     = { url = "https://example.com/fleet.git" }
      reconcile_interval = "1d"
    }
  }

  expect_failures = [var.flux]
}

run "an_interval_of_an_hour" {
  command = plan

  variables {
    flux = {
      install            = true
      kubeconfig_path    = "./kubeconfig"
      git_repository     = { url = "https://example.com/fleet.git" }
      reconcile_interval = "1h"
    }
  }

  expect_failures = [var.flux]
}

run "pruning_turned_off" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      kustomization   = { prune = false }
    }
  }

  expect_failures = [var.flux]
}

run "a_suspended_kustomization" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      kustomization   = { suspend = true }
    }
  }

  expect_failures = [var.flux]
}

run "a_timeout_without_a_unit" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      kustomization   = { timeout = "5" }
    }
  }

  expect_failures = [var.flux]
}

run "a_chart_repository_over_plain_http" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      helm            = { repository = "http://example.com/charts" }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_chart" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      helm            = { chart = " " }
    }
  }

  expect_failures = [var.flux]
}

run "the_latest_chart" {
  command = plan

  variables {
    flux = {
      install         = true
      kubeconfig_path = "./kubeconfig"
      git_repository  = { url = "https://example.com/fleet.git" }
      helm            = { version = "latest" }
    }
  }

  expect_failures = [var.flux]
}

run "a_bad_namespace_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      namespace = "flux_system"
    }
  }

  expect_failures = [var.flux]
}

run "a_bad_repository_name_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      git_repository = { name = "Bad_Name" }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_kustomization_name_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      kustomization = { name = "" }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_secret_name_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      git_repository = { secret_name = " " }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_release_name_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      helm = { release_name = "" }
    }
  }

  expect_failures = [var.flux]
}

run "a_helm_timeout_of_zero_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      helm = { timeout = 0 }
    }
  }

  expect_failures = [var.flux]
}

run "values_that_are_no_mapping_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      helm = { values = ["- a"] }
    }
  }

  expect_failures = [var.flux]
}

run "a_blank_values_file_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      helm = { values_files = [" "] }
    }
  }

  expect_failures = [var.flux]
}

run "a_values_file_that_is_not_there_even_without_an_installation" {
  command = plan

  variables {
    flux = {
      helm = { values_files = ["./nowhere.yaml"] }
    }
  }

  expect_failures = [var.flux]
}
