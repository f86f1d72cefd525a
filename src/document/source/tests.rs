//! What is found, read and refused in folders made for it.

#![allow(clippy::unwrap_used)]
use super::*;

/// A folder with these files; a path that ends in `/` is a folder.
fn gathered(patterns: &[PathBuf], base: &Path, cwd: &Path) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let (_, findings) = sources.gather(patterns, base, cwd);
    (sources, findings)
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn gather(root: &Path, patterns: &[&str]) -> (Sources, Vec<String>) {
    let patterns: Vec<PathBuf> = patterns.iter().map(PathBuf::from).collect();
    let (sources, findings) = gathered(&patterns, root, root);
    (sources, findings.into_iter().map(|finding| format!("{}: {}", finding.severity, finding.message)).collect())
}

fn paths(sources: &Sources) -> Vec<&str> {
    sources.ids().map(|file| sources.path(file)).collect()
}

#[test]
fn files_folders_and_globs() {
    let all =
        ["b.yml", "a/x.yaml", "a/b/y.yaml", "a/b.yaml/z.yaml", "a/.hidden/h.yaml", "a/.h.yaml", "a/no.txt", "[q].yaml"];
    let root = folder(&all.map(|path| (path, path.as_bytes())));
    let found = |patterns: &[&str]| {
        let (sources, findings) = gather(root.path(), patterns);
        assert_eq!(findings, [] as [&str; 0]);
        assert!(sources.ids().all(|file| sources.text(file) == sources.path(file)));
        paths(&sources).join(" ")
    };
    assert_eq!(found(&["."]), "[q].yaml a/b.yaml/z.yaml a/b/y.yaml a/x.yaml b.yml");
    assert_eq!(found(&["b.yml", "a/no.txt", "./a/../b.yml", "b.yml"]), "a/no.txt b.yml");
    assert_eq!(found(&["a/*.yaml"]), "a/b.yaml/z.yaml a/x.yaml");
    assert_eq!(found(&["a/**/y*", "*.{yml,txt}"]), "a/b/y.yaml b.yml");
    assert_eq!(found(&["**"]), "[q].yaml a/b.yaml/z.yaml a/b/y.yaml a/x.yaml b.yml");
    assert_eq!(found(&["[q].yaml"]), "[q].yaml");
    assert_eq!(found(&["a/.hidden/*"]), "a/.hidden/h.yaml");
    let (sources, _) = gathered(&["../b.yml".into()], Path::new("a"), root.path());
    assert_eq!(paths(&sources), ["b.yml"]);
    let (sources, _) = gathered(&[root.path().join("b.yml")], Path::new(""), &root.path().join("a"));
    assert_eq!(paths(&sources), ["../b.yml"]);
}

#[test]
fn what_is_not_there_is_said() {
    let root = folder(&[("rosters/acme.yaml", b"a: 1"), ("empty/x.txt", b"")]);
    let said = |pattern| gather(root.path(), &[pattern]).1.concat();
    assert_eq!(said("rosters/acmee.yaml"), "error: there is no file or folder `rosters/acmee.yaml`");
    assert_eq!(said("roster/acme.yaml"), "error: there is no folder `roster`");
    assert_eq!(said("empty"), "error: the folder `empty` holds no *.yaml or *.yml file");
    assert_eq!(said("empty/*"), "error: no *.yaml or *.yml file matches `empty/*`");
    assert!(said("empty/[").starts_with("error: `empty/[` is not a pattern"));
    let (_, findings) = gathered(&["roster".into()], root.path(), root.path());
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `rosters`?"));
}

#[test]
fn unreadable_files_are_kept_and_flagged() {
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain("a: 1".bytes().flat_map(|byte| [byte, 0])).collect();
    let root =
        folder(&[("a.yaml", b"\xEF\xBB\xBFa: \xC3\xBC\nb: \xFFx"), ("b.yaml", &wide), ("c.yaml", b"\xEF\xBB\xBFc: 1")]);
    let (sources, findings) = gathered(&[".".into()], root.path(), root.path());
    let said: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["`a.yaml` is not UTF-8 text: byte 0xFF", "`b.yaml` is UTF-16 text"]);
    let place = findings[0].place.as_ref().unwrap();
    assert_eq!(sources.position(place.file, place.span.start), Position { line: 2, column: 4 });
    assert!(sources.text(place.file).get(place.span.start as usize..place.span.end as usize).is_some());
    assert_eq!(sources.ids().map(|file| sources.readable(file)).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(sources.text(FileId(2)), "c: 1");
    assert_eq!(sources.find("c.yaml"), Some(FileId(2)));
    let missing = Sources::default().load(&root.path().join("no.yaml"), "no.yaml".into()).1.unwrap();
    assert!(missing.message.starts_with("`no.yaml` cannot be read: "));
    assert!(read_text(root.path()).unwrap_err().message.contains("folder"));
}

#[cfg(target_os = "linux")]
#[test]
fn links_are_followed_once() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let root = folder(&[("in/r/a.yaml", b"1"), ("in/z/b.yaml", b"2"), ("out/c.yaml", b"3"), ("out/sub/d.yaml", b"4")]);
    let path = |name: &str| root.path().join(name);
    symlink("..", path("in/r/up")).unwrap();
    symlink("z", path("in/again")).unwrap();
    symlink("../out", path("in/other")).unwrap();
    symlink("../out/sub", path("in/first")).unwrap();
    symlink("z/b.yaml", path("in/b2.yaml")).unwrap();
    symlink("nowhere", path("in/dangling")).unwrap();
    symlink("self", path("in/self")).unwrap();
    let _listener = UnixListener::bind(path("in/socket.yaml")).unwrap();
    let (sources, findings) = gather(root.path(), &["in"]);
    assert_eq!(paths(&sources), ["in/first/d.yaml", "in/other/c.yaml", "in/r/a.yaml", "in/socket.yaml", "in/z/b.yaml"]);
    let expected = [
        "error: `in/dangling` is a link to `nowhere`, which does not exist",
        "error: `in/self` cannot be read: Too many levels of symbolic links (os error 40)",
        "warning: `in/again` links back to a folder already read; not read again",
        "warning: `in/r/up` links back to a folder already read; not read again",
        "error: `in/socket.yaml` is not a regular file, so it is not read",
    ];
    assert_eq!(findings, expected);
}

#[test]
fn positions_count_characters() {
    let sources = Sources::from_texts([("x".into(), "aü\r\nb\rc\n\n𝄞d".into()), ("y".into(), String::new())]);
    let at = |offset| {
        let Position { line, column } = sources.position(FileId(0), offset);
        (line, column)
    };
    assert_eq!(
        [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 14, 15, 99].map(at),
        [(1, 1), (1, 2), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (5, 1), (5, 2), (5, 3), (5, 3),]
    );
    assert_eq!(sources.position(FileId(1), 7), Position { line: 1, column: 1 });
    assert_eq!(sources.position(FileId::NONE, 7), Position { line: 1, column: 1 });
}
