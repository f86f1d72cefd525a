//! A keyed digest by which a receiver knows who wrote a message, and that nobody changed it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::Secret;

/// HMAC-SHA256 (RFC 2104) of the parts, one after the other, in lower-case hexadecimal digits.
pub fn stamp(secret: &Secret, parts: &[&[u8]]) -> String {
    // A key of any length is a key: longer ones are hashed first.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return String::new() };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_is_that_of_rfc_4231() {
        let stamped = stamp(&Secret::new("Jefe"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(stamped, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = "\u{aa}".repeat(200);
        assert_eq!(stamp(&Secret::new(long), &[b""]).len(), 64);
    }
}
