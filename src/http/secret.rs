//! What must never be shown: passwords and tokens, and how texts that may repeat them are cleaned.

use std::fmt;
use std::sync::Arc;

use url::form_urlencoded;

/// A password, a token or a client secret. Neither `Debug` nor `Display` shows anything of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A secret, taken as it is: whoever reads it from a file takes the line break off.
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// The secret itself, for the one place that sends it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The secrets that a request carried. A server may repeat them in its answer; no text of it is shown with them.
#[derive(Clone, Debug, Default)]
pub(super) struct Veil(Arc<[Secret]>);

impl Veil {
    /// Hides each of these, as they are and as an address or a form would write them.
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>) -> Veil {
        let mut all = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.expose().is_empty()) {
            let encoded: String = form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
            if encoded != secret.expose() {
                all.push(Secret::new(encoded));
            }
            all.push(secret);
        }
        // The longest first: a secret that contains another must not be left in halves.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Veil(all.into())
    }

    /// The text without any of the secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(secret)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_and_a_veil_hides_every_form_of_it() {
        let secret = Secret::new("s3cr+t/one");
        assert_eq!(format!("{secret:?} {secret}"), "(secret) (secret)");
        let veil = Veil::new([secret, Secret::new("s3cr"), Secret::new("")]);
        assert_eq!(veil.hide("a s3cr+t/one b s3cr%2Bt%2Fone c s3cr d"), "a (secret) b (secret) c (secret) d");
        assert!(!format!("{veil:?}").contains("s3cr"));
    }
}
