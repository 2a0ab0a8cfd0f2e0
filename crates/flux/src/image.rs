//! Repositories of container images: `ghcr.io/acme/web`, which is what Flux asks for where it finds tags itself.
//!
//! The API takes any text. What Flux then refuses (its registry client, go-containerregistry, decides) is told
//! here: a scheme, a tag, a digest, credentials, capital letters.

/// The fewest and the most characters of a repository without its registry.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=255;

/// Checks the address of a repository that begins with `oci://`.
///
/// # Errors
///
/// Says why Flux would refuse what follows. Another beginning is the business of the CRD's pattern.
pub fn oci_url(text: &str) -> Result<(), ImageError> {
    text.strip_prefix(OCI).map_or(Ok(()), repository)
}

/// Checks a repository without scheme, tag and digest: `ghcr.io/acme/web`.
///
/// # Errors
///
/// Says why Flux would refuse it.
pub fn repository(text: &str) -> Result<(), ImageError> {
    if text.contains("://") {
        return Err(ImageError::Scheme);
    }
    if let Some((before, after)) = text.split_once('@') {
        // Short ones may be host and port, with a password before them.
        let digest = after.split_once(':').is_some_and(|(algorithm, hex)| {
            algorithm.bytes().all(|b| b.is_ascii_alphanumeric())
                && hex.len() >= 32
                && hex.bytes().all(|b| b.is_ascii_hexdigit())
        });
        return Err(if digest {
            ImageError::Digest { without: without_tag(before) }
        } else {
            ImageError::User
        });
    }
    let without = without_tag(text);
    if without != text {
        return Err(ImageError::Tag { without });
    }
    let path = match text.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => text,
    };
    if let Some(character) = path.chars().find(|c| !is_allowed(*c)) {
        return Err(ImageError::Character { character });
    }
    if LENGTHS.contains(&path.len()) { Ok(()) } else { Err(ImageError::Length { length: path.len() }) }
}

const OCI: &str = "oci://";

fn without_tag(text: &str) -> String {
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    // A port belongs to the host, which has a path after it.
    let end = text[last..].find(':').map_or(text.len(), |colon| last + colon);
    text[..end].to_owned()
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || "_-./".contains(character)
}

/// What is wrong with the repository of an image; nothing that may be secret is in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A scheme before the image.
    #[error("an image is named without a scheme")]
    Scheme,
    /// A tag at the end.
    #[error("a tag is not allowed here")]
    Tag {
        /// The repository alone.
        without: String,
    },
    /// A digest at the end.
    #[error("a digest is not allowed here")]
    Digest {
        /// The repository alone.
        without: String,
    },
    /// An `@` that no digest follows, as between credentials and a host.
    #[error("@ is not allowed here")]
    User,
    /// A character that is not allowed.
    #[error("{character:?} is not allowed in the name of an image")]
    Character {
        /// The first of them.
        character: char,
    },
    /// Nothing after the registry, or too much.
    #[error("the name of an image has 2 to 255 characters, not {length}")]
    Length {
        /// How many it has.
        length: usize,
    },
}

impl ImageError {
    /// What to write instead; `before` is what the address begins with, such as `oci://`.
    pub fn remedy(&self, before: &str) -> Option<String> {
        match self {
            ImageError::Scheme => Some("write host and path alone, as in \"ghcr.io/acme/web\"".to_owned()),
            ImageError::Tag { without } | ImageError::Digest { without } => {
                Some(format!("write \"{before}{without}\""))
            }
            ImageError::User => Some("put credentials into a Secret".to_owned()),
            ImageError::Character { character } if character.is_uppercase() => {
                Some("write it in lower case".to_owned())
            }
            ImageError::Character { .. } => {
                Some("allowed are lower-case letters, digits, _, -, . and /".to_owned())
            }
            ImageError::Length { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_what_names_a_repository() {
        for image in ["ghcr.io/acme/web", "localhost:5000/web", "web", "acme/web_1.x-y", "10.0.0.1:80/a/b/c"]
        {
            assert_eq!(repository(image), Ok(()), "{image}");
            assert_eq!(oci_url(&format!("oci://{image}")), Ok(()), "{image}");
        }
        assert_eq!(oci_url("https://ghcr.io/acme/web:v1"), Ok(()));
    }

    #[test]
    fn says_what_flux_would_refuse() {
        let said: Vec<String> = [
            "https://ghcr.io/acme/web",
            "ghcr.io/acme/web:v1",
            "localhost:5000/web:v1",
            "web:v1",
            "ghcr.io/acme/web@sha256:0123456789abcdef0123456789abcdef",
            "ghcr.io/acme/web:v1@sha256:0123456789abcdef0123456789abcdef",
            "user:secret@ghcr.io/acme/web",
            "user:se/cret@localhost:5000",
            "ghcr.io/Acme/web",
            "ghcr.io/acme/web app",
            "ghcr.io/",
            "",
        ]
        .into_iter()
        .map(|image| {
            let error = repository(image).unwrap_err();
            format!("{image}: {error}; {}", error.remedy("oci://").unwrap_or_default())
        })
        .collect();
        insta::assert_snapshot!("images_refused", said.join("\n"));
    }

    proptest! {
        #[test]
        fn survives_any_text(text in any::<String>()) {
            let _ = oci_url(&format!("oci://{text}"));
            let _ = repository(&text);
        }

        #[test]
        fn what_is_proposed_is_accepted(path in "[a-z]{2,8}(/[a-z]{2,8}){0,2}", tag in "[A-Za-z0-9.]{1,8}") {
            let Err(ImageError::Tag { without }) = repository(&format!("{path}:{tag}")) else {
                return Err(TestCaseError::fail("a tag is refused"));
            };
            prop_assert_eq!(repository(&without), Ok(()));
            prop_assert_eq!(without, path);
        }
    }
}
