//! The names that git gives to contents: a digest of them, by which equal texts are known without reading both.

use std::fmt::Write;

use sha1::{Digest, Sha1};
use sha2::Sha256;

/// Whether a file of these bytes is the object of this name; false for a name of a kind that is not known.
///
/// The name is the digest, in lower-case hexadecimal, of the word `blob`, the length and the bytes (gitformat-pack(5),
/// hash-function-transition): SHA-1, or SHA-256 where a repository was made for it.
pub fn is(name: &str, bytes: &[u8]) -> bool {
    match name.len() {
        40 => digest::<Sha1>(bytes) == name,
        64 => digest::<Sha256>(bytes) == name,
        _ => false,
    }
}

fn digest<D: Digest>(bytes: &[u8]) -> String {
    let mut digest = D::new();
    digest.update(format!("blob {}\0", bytes.len()));
    digest.update(bytes);
    let hexadecimal = |mut name: String, byte: &u8| {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    };
    digest.finalize().iter().fold(String::with_capacity(64), hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn contents_have_the_names_that_git_gives_them() {
        // `git hash-object --stdin`, in repositories of both kinds.
        assert!(is("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", b""));
        assert!(is("ce013625030ba8dba906f756967f9e9ca394464a", b"hello\n"));
        assert!(is("473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813", b""));
        assert!(!is("ce013625030ba8dba906f756967f9e9ca394464a", b"hello"));
        assert!(!is("HEAD", b""));
    }
}
