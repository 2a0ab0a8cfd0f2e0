//! The families of secrets as a table: which keys each has, what they hold, and which belong together.
//!
//! The keys are those that Flux's controllers read: `fluxcd/pkg/runtime/secrets` and `fluxcd/pkg/git` for sources,
//! kustomize-controller's decryptor for SOPS, source-controller's verifiers for Cosign and Notation.

use super::checks;

/// A check of one value; the complaint is the end of a sentence, and never quotes the value.
pub type Check = fn(&str) -> Result<(), &'static str>;

/// One way to authenticate, verify or decrypt.
pub struct Family {
    /// The attribute that holds it.
    pub name: &'static str,
    /// For the documentation.
    pub description: &'static str,
    /// What it holds.
    pub keys: &'static [Key],
    /// What belongs together.
    pub rules: &'static [Rule],
    /// The type of the Secret.
    pub secret_type: SecretType,
}

/// One value, or one map of values, of a family.
pub struct Key {
    /// The attribute.
    pub name: &'static str,
    /// How its value gets into the Secret.
    pub wire: Wire,
    /// Whether it has to be set.
    pub required: bool,
    /// For the documentation.
    pub description: &'static str,
    /// What the value has to look like.
    pub check: Check,
}

/// How a value gets into the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Under this key.
    Key(&'static str),
    /// A map: each value under the name in the map with this ending.
    Keys(&'static str),
    /// As [`Wire::Keys`] without an ending; the values are base64.
    Base64,
    /// Into the Docker configuration of a registry.
    Docker,
}

/// What belongs together in a family.
pub enum Rule {
    /// All of them or none.
    Together(&'static [&'static str]),
    /// Exactly one of them.
    One(&'static [&'static str]),
    /// At least one of them.
    Any(&'static [&'static str]),
    /// Not both.
    NotBoth(&'static str, &'static str),
    /// The certificate and the key are of one pair.
    Pair(&'static str, &'static str),
    /// The passphrase is there when the SSH key is encrypted.
    Passphrase(&'static str, &'static str),
}

/// The type of a family's Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretType {
    /// Always this one.
    Is(&'static str),
    /// `kubernetes.io/tls` where a certificate is set, else `Opaque`.
    Tls,
    /// What the attribute `type` says, else `Opaque`.
    Given,
}

/// The default type of a Secret.
pub const OPAQUE: &str = "Opaque";

const fn key(name: &'static str, wire: &'static str, check: Check, description: &'static str) -> Key {
    Key { name, wire: Wire::Key(wire), required: false, description, check }
}

const fn keys(name: &'static str, ending: &'static str, check: Check, description: &'static str) -> Key {
    Key { name, wire: Wire::Keys(ending), required: false, description, check }
}

impl Key {
    const fn required(self) -> Key {
        Key { required: true, ..self }
    }
}

const CA: Key = key(
    "ca_certificate",
    "ca.crt",
    checks::certificates,
    "Authorities that signed the server's certificate, in PEM.",
);
const CERTIFICATE: Key =
    key("client_certificate", "tls.crt", checks::certificates, "Client certificate, in PEM.");
const CERTIFICATE_KEY: Key =
    key("client_key", "tls.key", checks::private_key, "Key of the client certificate, in PEM.");
const USERNAME: Key = key("username", "username", checks::not_empty, "User.");
const PASSWORD: Key =
    key("password", "password", checks::not_empty, "Password, or an access token of the user.");
const PAIR: &[&str] = &["client_certificate", "client_key"];

/// Every family, in the order in which a person meets them.
pub static FAMILIES: &[Family] = &[
    Family {
        name: "git_https",
        description: "A Git server over HTTPS, for `secret_ref` of a GitRepository: `username` and `password`, or `bearer_token`, and what TLS needs.",
        keys: &[
            USERNAME,
            PASSWORD,
            key("bearer_token", "bearerToken", checks::not_empty, "Bearer token, for servers that take one."),
            CA,
            CERTIFICATE,
            CERTIFICATE_KEY,
        ],
        rules: &[
            Rule::Any(&["username", "password", "bearer_token", "ca_certificate", "client_certificate"]),
            Rule::Together(&["username", "password"]),
            Rule::NotBoth("password", "bearer_token"),
            Rule::Together(PAIR),
            Rule::Pair("client_certificate", "client_key"),
        ],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "git_ssh",
        description: "A Git server over SSH, for `secret_ref` of a GitRepository.",
        keys: &[
            key("identity", "identity", checks::ssh_identity, "Private key, in PEM.").required(),
            key("identity_pub", "identity.pub", checks::not_blank, "Public key."),
            key(
                "known_hosts",
                "known_hosts",
                checks::known_hosts,
                "Keys of the server, as `ssh-keyscan` prints them.",
            )
            .required(),
            key("passphrase", "password", checks::not_empty, "Passphrase of the private key."),
        ],
        rules: &[Rule::Passphrase("identity", "passphrase")],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "github_app",
        description: "A GitHub App, for `secret_ref` of a GitRepository whose provider is `github`, and of alerts.",
        keys: &[
            key("app_id", "githubAppID", checks::number, "Id of the App.").required(),
            key(
                "installation_id",
                "githubAppInstallationID",
                checks::number,
                "Id of the installation; or `installation_owner`.",
            ),
            key(
                "installation_owner",
                "githubAppInstallationOwner",
                checks::not_empty,
                "The organization or user that has the App installed; or `installation_id`.",
            ),
            key("private_key", "githubAppPrivateKey", checks::private_key, "Private key of the App, in PEM.")
                .required(),
            key(
                "base_url",
                "githubAppBaseURL",
                checks::https,
                "Address of the API of a GitHub Enterprise Server.",
            ),
            CA,
        ],
        rules: &[Rule::One(&["installation_id", "installation_owner"])],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "helm",
        description: "A chart repository over HTTPS, for `secret_ref` and `cert_secret_ref` of a HelmRepository.",
        keys: &[USERNAME, PASSWORD, CA, CERTIFICATE, CERTIFICATE_KEY],
        rules: &[
            Rule::Any(&["username", "ca_certificate", "client_certificate"]),
            Rule::Together(&["username", "password"]),
            Rule::Together(PAIR),
            Rule::Pair("client_certificate", "client_key"),
        ],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "oci",
        description: "A registry of containers, for `secret_ref` of an OCIRepository, of a HelmRepository of type `oci`, and of an ImageRepository. The Secret holds Docker's configuration.",
        keys: &[
            Key {
                name: "registry",
                wire: Wire::Docker,
                required: true,
                description: "Host of the registry, such as `ghcr.io`.",
                check: checks::registry,
            },
            Key { wire: Wire::Docker, required: true, ..USERNAME },
            Key { wire: Wire::Docker, required: true, ..PASSWORD },
        ],
        rules: &[],
        secret_type: SecretType::Is("kubernetes.io/dockerconfigjson"),
    },
    Family {
        name: "tls",
        description: "Certificates for TLS, for `cert_secret_ref`.",
        keys: &[
            CA,
            key("certificate", "tls.crt", checks::certificates, "Client certificate, in PEM."),
            key("key", "tls.key", checks::private_key, "Key of the client certificate, in PEM."),
        ],
        rules: &[
            Rule::Any(&["ca_certificate", "certificate"]),
            Rule::Together(&["certificate", "key"]),
            Rule::Pair("certificate", "key"),
        ],
        secret_type: SecretType::Tls,
    },
    Family {
        name: "proxy",
        description: "A proxy, for `proxy_secret_ref`.",
        keys: &[
            key(
                "address",
                "address",
                checks::proxy,
                "`http://`, `https://` or `socks5://` with host and port.",
            )
            .required(),
            USERNAME,
            PASSWORD,
        ],
        rules: &[Rule::Together(&["username", "password"])],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "receiver",
        description: "The token that a Receiver checks webhooks with.",
        keys: &[key("token", "token", checks::not_empty, "The token.").required()],
        rules: &[],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "cosign",
        description: "Public keys that verify Cosign's signatures, for `verify.secret_ref`.",
        keys: &[keys(
            "public_keys",
            ".pub",
            checks::public_key,
            "Public keys in PEM, by name; the name's ending `.pub` is added.",
        )
        .required()],
        rules: &[],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "notation",
        description: "What verifies Notation's signatures, for `verify.secret_ref`.",
        keys: &[
            key("trust_policy", "trustpolicy.json", checks::trust_policy, "The trust policy, as JSON.")
                .required(),
            keys(
                "certificates",
                ".crt",
                checks::certificates,
                "Certificates in PEM, by name; the name's ending `.crt` is added.",
            )
            .required(),
        ],
        rules: &[],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "sops",
        description: "Keys that decrypt what SOPS encrypted, for `decryption.secret_ref` of a Kustomization.",
        keys: &[
            keys(
                "age_keys",
                ".agekey",
                checks::age,
                "Private keys of age, by name; the name's ending `.agekey` is added.",
            ),
            keys(
                "pgp_keys",
                ".asc",
                checks::pgp,
                "Private keys of OpenPGP, armored, by name; the name's ending `.asc` is added.",
            ),
        ],
        rules: &[Rule::Any(&["age_keys", "pgp_keys"])],
        secret_type: SecretType::Is(OPAQUE),
    },
    Family {
        name: "generic",
        description: "Any keys, for all that has no family of its own: `values_from`, `substitute_from`, `kube_config`, the address of an alert's receiver.",
        keys: &[
            keys("data", "", checks::anything, "Texts, by key."),
            Key {
                name: "data_base64",
                wire: Wire::Base64,
                required: false,
                description: "Bytes in base64, by key.",
                check: checks::base64,
            },
        ],
        rules: &[Rule::Any(&["data", "data_base64"])],
        secret_type: SecretType::Given,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_speak_of_keys_that_there_are() {
        for family in FAMILIES {
            let known = |name: &str| family.keys.iter().any(|key| key.name == name);
            for rule in family.rules {
                let names: Vec<&str> = match rule {
                    Rule::Together(names) | Rule::One(names) | Rule::Any(names) => names.to_vec(),
                    Rule::NotBoth(one, other) | Rule::Pair(one, other) | Rule::Passphrase(one, other) => {
                        vec![one, other]
                    }
                };
                assert!(names.iter().all(|name| known(name)), "{}: {names:?}", family.name);
            }
        }
    }
}
