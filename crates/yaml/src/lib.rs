//! YAML as Helm and Go read and write it.
