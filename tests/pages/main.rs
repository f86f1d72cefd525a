//! Plans and drift as pages, made by the real program: a comment in Markdown and a page in HTML. `browser.rs` looks at
//! pages in Chromium where `tests/browser/browser install` was run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod dom;
mod golden;
mod hostile;
mod html;
mod markdown;
mod scene;
