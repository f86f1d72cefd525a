//! Where the lines of rosters can be looked at in a browser: in the repository that a CI run has checked out.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::root::{Root, absolute};
use crate::diagnostic::Location;

/// What stays as it is in a part of an address (RFC 3986 §2.3).
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A repository in a browser, at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// The address of the files at the commit, with a slash at its end.
    base: String,
    /// Where the working directory lies in it.
    root: Root,
}

impl Web {
    /// The repository that a CI run has checked out, where everything that says so is there and makes sense; `variable`
    /// reads the environment of the run, `cwd` is the working directory.
    pub fn of(variable: impl Fn(&str) -> Option<String>, cwd: &Path) -> Option<Web> {
        let github = || {
            let project =
                format!("{}/{}", variable("GITHUB_SERVER_URL")?, repository(&variable("GITHUB_REPOSITORY")?)?);
            Some((project, "blob", variable("GITHUB_SHA")?, variable("GITHUB_WORKSPACE")?))
        };
        let gitlab =
            || Some((variable("CI_PROJECT_URL")?, "-/blob", variable("CI_COMMIT_SHA")?, variable("CI_PROJECT_DIR")?));
        let (project, files, commit, root) = github().or_else(gitlab)?;
        let url = Url::parse(&project).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let sane = matches!(url.scheme(), "https" | "http") && url.has_host() && plain && url.fragment().is_none();
        let hash = [40, 64].contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !sane || !hash {
            return None;
        }
        // A name that is no UTF-8 has no address.
        let root = Root::below(Path::new(&root), cwd).filter(|root| !root.as_str().contains('\u{fffd}'))?;
        Some(Web { base: format!("{}/{files}/{commit}/", url.as_str().trim_end_matches('/')), root })
    }

    /// The address of a line; none for what does not lie in the repository.
    pub fn address(&self, location: &Location) -> Option<String> {
        let path = self.root.path(&location.path);
        if absolute(&path) || path.split('/').any(|part| part == "..") {
            return None;
        }
        let parts: Vec<String> = path.split('/').map(|part| utf8_percent_encode(part, PART).to_string()).collect();
        Some(format!("{}{}#L{}", self.base, parts.join("/"), location.line))
    }
}

/// `owner/name`, where it is one.
fn repository(text: &str) -> Option<&str> {
    let word = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !word.is_empty() && word != "." && word != ".." && word.chars().all(plain)
    };
    text.split_once('/').filter(|(owner, name)| word(owner) && word(name)).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn web(changed: &[(&str, &str)]) -> Option<Web> {
        let usual = [
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_REPOSITORY", "acme/people"),
            ("GITHUB_SHA", SHA),
            ("GITHUB_WORKSPACE", "/checkout"),
        ];
        let all = changed.iter().chain(&usual).map(|(name, value)| (*name, *value));
        let all: Vec<(&str, &str)> = all.collect();
        let read = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Web::of(|name| read(name).filter(|value| !value.is_empty()), Path::new("/checkout/portal"))
    }

    fn line(path: &str) -> Location {
        Location { path: path.to_owned(), line: 7, column: 1, end_line: 7, end_column: 2, pointer: String::new() }
    }

    #[test]
    fn lines_have_an_address_where_the_run_says_where() {
        let web = web(&[]).expect("a repository");
        let base = format!("https://github.example/acme/people/blob/{SHA}");
        assert_eq!(web.address(&line("rosters/a.yaml")), Some(format!("{base}/portal/rosters/a.yaml#L7")));
        assert_eq!(web.address(&line("../b (x)].yaml")), Some(format!("{base}/b%20%28x%29%5D.yaml#L7")));
        assert_eq!(web.address(&line("../../c.yaml")), None);
        assert_eq!(web.address(&line("/etc/c.yaml")), None);
    }

    #[test]
    fn no_address_is_made_of_what_makes_no_sense() {
        let broken = [
            ("GITHUB_SERVER_URL", "javascript:alert(1)"),
            ("GITHUB_SERVER_URL", "https://user:secret@github.example"),
            ("GITHUB_SERVER_URL", "https://github.example/?x="),
            ("GITHUB_SERVER_URL", ""),
            ("GITHUB_REPOSITORY", "acme"),
            ("GITHUB_REPOSITORY", "acme/../x"),
            ("GITHUB_REPOSITORY", "acme/x) [y](z"),
            ("GITHUB_SHA", "main"),
            ("GITHUB_SHA", ""),
            ("GITHUB_WORKSPACE", "/elsewhere"),
        ];
        for one in broken {
            assert_eq!(web(&[one]), None, "{one:?}");
        }
    }

    #[test]
    fn gitlab_has_addresses_too() {
        let of = |name: &str| match name {
            "CI_PROJECT_URL" => Some("https://gitlab.example/group/sub/people".to_owned()),
            "CI_COMMIT_SHA" => Some(SHA.to_owned()),
            "CI_PROJECT_DIR" => Some("/builds/people".to_owned()),
            _ => None,
        };
        let web = Web::of(of, Path::new("/builds/people")).expect("a repository");
        let address = format!("https://gitlab.example/group/sub/people/-/blob/{SHA}/a.yaml#L7");
        assert_eq!(web.address(&line("a.yaml")), Some(address));
    }
}
