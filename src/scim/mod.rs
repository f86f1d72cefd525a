//! The words of SCIM 2.0 (RFC 7643, RFC 7644) and of our own extensions, for client and server alike.

/// The schema of a user (RFC 7643 §4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of a group (RFC 7643 §4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of a user (RFC 7643 §4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Our extension of a user: `attributes`, `type`, `status`.
pub const USER_EXTENSION: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:User";
/// Our extension of a group: `applications`.
pub const GROUP_EXTENSION: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:Group";
/// Our schema of a contact, who has no access.
pub const CONTACT: &str = "urn:rosterctl:params:scim:schemas:core:1.0:Contact";
/// A PATCH request (RFC 7644 §3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
