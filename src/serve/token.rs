//! Who may come in: bearer tokens (RFC 6750) and whom they belong to.

use std::fmt;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::document::record::is_kebab;

/// A token, of which only a digest is kept.
#[derive(Clone)]
pub struct Token {
    /// Whose it is, for the trail.
    pub name: String,
    /// The person on the portal whose rights it has; none: no person's, so nothing limits it.
    pub actor: Option<SmolStr>,
    digest: [u8; 32],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.name)
    }
}

impl Token {
    /// A token of somebody.
    pub fn new(name: impl Into<String>, secret: &str, actor: Option<SmolStr>) -> Token {
        Token { name: name.into(), actor, digest: Sha256::digest(secret.as_bytes()).into() }
    }

    /// The tokens of a file: `name token [actor-id]` on each line; empty lines and those that begin with `#` mean
    /// nothing. Else what is wrong, without quoting any token.
    pub fn read(text: &str) -> Result<Vec<Token>, String> {
        let mut tokens: Vec<Token> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (name, secret, actor) = match words.as_slice() {
                [] => continue,
                [first, ..] if first.starts_with('#') => continue,
                [name, secret] => (*name, *secret, None),
                [name, secret, actor] => (*name, *secret, Some(*actor)),
                _ => return Err(format!("line {} is not of the form `name token [actor-id]`", index + 1)),
            };
            if actor.is_some_and(|actor| !is_kebab(actor)) {
                return Err(format!("line {}: the third word is the id of a person, in kebab-case", index + 1));
            }
            let token = Token::new(name, secret, actor.map(SmolStr::from));
            if tokens.iter().any(|other| other.digest == token.digest) {
                return Err(format!("line {}: another line has the same token", index + 1));
            }
            tokens.push(token);
        }
        if tokens.is_empty() { Err("it names no token".to_owned()) } else { Ok(tokens) }
    }

    /// Whether this is the token. Takes as long for a wrong one as for the right one.
    fn is(&self, digest: &[u8; 32]) -> bool {
        self.digest.iter().zip(digest).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
    }

    /// The token that an `Authorization` header shows.
    pub fn shown<'t>(tokens: &'t [Token], header: Option<&str>) -> Option<&'t Token> {
        let (scheme, secret) = header?.trim().split_once(' ')?;
        let digest: [u8; 32] = Sha256::digest(secret.trim().as_bytes()).into();
        let bearer = scheme.eq_ignore_ascii_case("bearer");
        tokens.iter().fold(None, |found, token| if token.is(&digest) && bearer { Some(token) } else { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_never_shown() {
        let tokens = Token::read("# people\nada s3cret-1 ada\n\nci s3cret-2\n").expect("tokens");
        let found = |header: &str| Token::shown(&tokens, Some(header)).map(|token| token.name.as_str());
        assert_eq!(found("Bearer s3cret-1"), Some("ada"));
        assert_eq!(found("bearer  s3cret-2"), Some("ci"));
        for wrong in ["Basic s3cret-1", "Bearer s3cret-", "Bearer s3cret-11", "Bearer", "s3cret-1"] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains("s3cret"));
        for wrong in ["", "ada", "ada s3cret Ada!", "a s3cret b c", "a s3cret\nb s3cret"] {
            let problem = Token::read(wrong).expect_err(wrong);
            assert!(!problem.contains("s3cret"), "{problem}");
        }
    }
}
