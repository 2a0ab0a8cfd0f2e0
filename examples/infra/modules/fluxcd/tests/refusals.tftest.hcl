# What each input refuses: one run for each reason. The provider is a mock: no cluster, no chart.

mock_provider "fluxgate" {}

variables {
  git_repository_url  = "https://example.com/fleet.git"
  git_repository_path = "./clusters/dev"
}

run "namespace_refuses_capitals" {
  command = plan

  variables {
    namespace = "Flux"
  }

  expect_failures = [var.namespace]
}

run "namespace_refuses_spaces_around" {
  command = plan

  variables {
    namespace = " flux"
  }

  expect_failures = [var.namespace]
}

run "namespace_refuses_sixty_four_characters" {
  command = plan

  variables {
    namespace = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
  }

  expect_failures = [var.namespace]
}

run "namespace_refuses_no_characters" {
  command = plan

  variables {
    namespace = ""
  }

  expect_failures = [var.namespace]
}

run "git_repository_name_refuses_an_underscore" {
  command = plan

  variables {
    git_repository_name = "Bad_Name"
  }

  expect_failures = [var.git_repository_name]
}

run "git_repository_name_refuses_no_characters" {
  command = plan

  variables {
    git_repository_name = ""
  }

  expect_failures = [var.git_repository_name]
}

run "kustomization_name_refuses_spaces_alone" {
  command = plan

  variables {
    kustomization_name = " "
  }

  expect_failures = [var.kustomization_name]
}

run "kustomization_name_refuses_an_underscore" {
  command = plan

  variables {
    kustomization_name = "Bad_Name"
  }

  expect_failures = [var.kustomization_name]
}

run "git_repository_url_refuses_plain_http" {
  command = plan

  variables {
    git_repository_url = "http://example.com/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_an_upper_case_scheme" {
  command = plan

  variables {
    git_repository_url = "HTTPS://example.com/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_the_scp_form" {
  command = plan

  variables {
    git_repository_url = "git@example.com:acme/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_a_file" {
  command = plan

  variables {
    git_repository_url = "file:///srv/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_a_password" {
  command = plan

  variables {
    git_repository_url = "https://me:secret@example.com/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_no_host" {
  command = plan

  variables {
    git_repository_url = "https://"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_a_leading_space" {
  command = plan

  variables {
    git_repository_url = " https://example.com/fleet.git"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_url_refuses_ftp" {
  command = plan

  variables {
    git_repository_url = "ftp://invalid"
  }

  expect_failures = [var.git_repository_url]
}

run "git_repository_branch_refuses_no_characters" {
  command = plan

  variables {
    git_repository_branch = ""
  }

  expect_failures = [var.git_repository_branch]
}

run "git_repository_branch_refuses_spaces_alone" {
  command = plan

  variables {
    git_repository_branch = " "
  }

  expect_failures = [var.git_repository_branch]
}

run "git_repository_path_refuses_an_absolute_path" {
  command = plan

  variables {
    git_repository_path = "/clusters/dev"
  }

  expect_failures = [var.git_repository_path]
}

run "git_repository_path_refuses_a_parent_folder" {
  command = plan

  variables {
    git_repository_path = "../dev"
  }

  expect_failures = [var.git_repository_path]
}

run "git_repository_path_refuses_a_parent_folder_inside" {
  command = plan

  variables {
    git_repository_path = "./a/../b"
  }

  expect_failures = [var.git_repository_path]
}

run "git_repository_path_refuses_a_parent_folder_by_backslashes" {
  command = plan

  variables {
    git_repository_path = "./a\\..\\b"
  }

  expect_failures = [var.git_repository_path]
}

run "git_repository_secret_name_refuses_no_characters" {
  command = plan

  variables {
    git_repository_secret_name = ""
  }

  expect_failures = [var.git_repository_secret_name]
}

run "git_repository_secret_name_refuses_spaces_alone" {
  command = plan

  variables {
    git_repository_secret_name = " "
  }

  expect_failures = [var.git_repository_secret_name]
}

run "reconcile_interval_refuses_nothing_at_all" {
  command = plan

  variables {
    reconcile_interval = "0s"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_half_a_second" {
  command = plan

  variables {
    reconcile_interval = "500ms"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_an_hour" {
  command = plan

  variables {
    reconcile_interval = "1h"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_an_hour_in_minutes" {
  command = plan

  variables {
    reconcile_interval = "60m"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_a_day" {
  command = plan

  variables {
    reconcile_interval = "1d"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_no_unit" {
  command = plan

  variables {
    reconcile_interval = "60"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_a_negative_one" {
  command = plan

  variables {
    reconcile_interval = "-1m"
  }

  expect_failures = [var.reconcile_interval]
}

run "reconcile_interval_refuses_spaces_around" {
  command = plan

  variables {
    reconcile_interval = " 1m "
  }

  expect_failures = [var.reconcile_interval]
}

run "kustomization_prune_refuses_false" {
  command = plan

  variables {
    kustomization_prune = false
  }

  expect_failures = [var.kustomization_prune]
}

run "kustomization_suspend_refuses_true" {
  command = plan

  variables {
    kustomization_suspend = true
  }

  expect_failures = [var.kustomization_suspend]
}

run "kustomization_timeout_refuses_no_unit" {
  command = plan

  variables {
    kustomization_timeout = "5"
  }

  expect_failures = [var.kustomization_timeout]
}

run "kustomization_timeout_refuses_a_day" {
  command = plan

  variables {
    kustomization_timeout = "1d"
  }

  expect_failures = [var.kustomization_timeout]
}

run "chart_repository_refuses_plain_http" {
  command = plan

  variables {
    chart_repository = "http://example.com/charts"
  }

  expect_failures = [var.chart_repository]
}

run "chart_repository_refuses_no_characters" {
  command = plan

  variables {
    chart_repository = ""
  }

  expect_failures = [var.chart_repository]
}

run "chart_repository_refuses_a_leading_space" {
  command = plan

  variables {
    chart_repository = " https://example.com/charts"
  }

  expect_failures = [var.chart_repository]
}

run "chart_name_refuses_no_characters" {
  command = plan

  variables {
    chart_name = ""
  }

  expect_failures = [var.chart_name]
}

run "chart_name_refuses_spaces_around" {
  command = plan

  variables {
    chart_name = " flux2"
  }

  expect_failures = [var.chart_name]
}

run "chart_version_refuses_no_characters" {
  command = plan

  variables {
    chart_version = ""
  }

  expect_failures = [var.chart_version]
}

run "chart_version_refuses_latest" {
  command = plan

  variables {
    chart_version = "latest"
  }

  expect_failures = [var.chart_version]
}

run "chart_version_refuses_a_wildcard" {
  command = plan

  variables {
    chart_version = "*"
  }

  expect_failures = [var.chart_version]
}

run "helm_release_name_refuses_no_characters" {
  command = plan

  variables {
    helm_release_name = ""
  }

  expect_failures = [var.helm_release_name]
}

run "helm_release_name_refuses_fifty_four_characters" {
  command = plan

  variables {
    helm_release_name = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
  }

  expect_failures = [var.helm_release_name]
}

run "helm_timeout_refuses_zero" {
  command = plan

  variables {
    helm_timeout = 0
  }

  expect_failures = [var.helm_timeout]
}

run "helm_timeout_refuses_a_negative_number" {
  command = plan

  variables {
    helm_timeout = -1
  }

  expect_failures = [var.helm_timeout]
}

run "helm_timeout_refuses_half_a_second" {
  command = plan

  variables {
    helm_timeout = 0.5
  }

  expect_failures = [var.helm_timeout]
}

run "helm_timeout_refuses_no_time" {
  command = plan

  variables {
    helm_timeout = "0s"
  }

  expect_failures = [var.helm_timeout]
}

run "helm_values_refuses_what_is_no_yaml" {
  command = plan

  variables {
    helm_values = ["a: ["]
  }

  expect_failures = [var.helm_values]
}

run "helm_values_refuses_a_list" {
  command = plan

  variables {
    helm_values = ["- a"]
  }

  expect_failures = [var.helm_values]
}

run "helm_values_refuses_no_text" {
  command = plan

  variables {
    helm_values = [""]
  }

  expect_failures = [var.helm_values]
}

run "helm_values_files_refuses_a_blank_path" {
  command = plan

  variables {
    helm_values_files = [" "]
  }

  expect_failures = [var.helm_values_files]
}

run "helm_values_files_refuses_a_file_that_is_not_there" {
  command = plan

  variables {
    helm_values_files = ["./tests/nowhere.yaml"]
  }

  expect_failures = [var.helm_values_files]
}

run "helm_values_files_refuses_a_file_that_is_no_yaml" {
  command = plan

  variables {
    helm_values_files = ["./main.tf"]
  }

  expect_failures = [var.helm_values_files]
}
