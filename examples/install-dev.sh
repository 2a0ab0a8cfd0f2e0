#!/usr/bin/env bash
# Puts the built programs where OpenTofu and the shell find them, and prints what to export. dev_overrides would break `tofu init` where local modules
# are used, so this is a filesystem mirror.
set -euo pipefail
built=$1
home=${XDG_DATA_HOME:-$HOME/.local/share}/fluxgate
os=$(uname -s | tr '[:upper:]' '[:lower:]')
case $(uname -m) in x86_64) arch=amd64 ;; aarch64 | arm64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
for host in registry.opentofu.org registry.terraform.io; do
  folder=$home/mirror/$host/fluxgate/fluxgate/0.1.0/${os}_$arch
  mkdir -p "$folder"
  install -m 0755 "$built/terraform-provider-fluxgate" "$folder/terraform-provider-fluxgate_v0.1.0"
done
mkdir -p "$home/bin"
install -m 0755 "$built/fluxgate" "$home/bin/fluxgate"
cat > "$home/tofu.rc" <<RC
provider_installation {
  filesystem_mirror {
    path    = "$home/mirror"
    include = ["*/fluxgate/fluxgate"]
  }
  direct {
    exclude = ["*/fluxgate/fluxgate"]
  }
}
RC
cat <<WORDS
The provider and the command are in $home. To use them in this shell:

  export TF_CLI_CONFIG_FILE="$home/tofu.rc"
  export PATH="$home/bin:\$PATH"

After a new build, run this again and delete .terraform.lock.hcl where the provider is used: its checksum has changed.
WORDS
