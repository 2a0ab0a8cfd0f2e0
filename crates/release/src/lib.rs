//! Helm's actions on a cluster: install, upgrade, uninstall, with the record that Helm reads.
