//! What the tree says of texts, tricky ones above all.

#![allow(clippy::unwrap_used)]
use super::*;

const TRICKY: &[&str] = &[
    "",
    "# only\n",
    "---\n",
    "\u{feff}a: b",
    "a:\nb: 1\nc: [x, y ,]\nd: {k: v, z}\ne: &x !!str   'q'\nf:   # c\n  - a\n  - b\n\n# tail\ng: *x\n",
    "h: |\n  text\n  more\n\n\ni: >-\n  z\n\n",
    "x: |2-  # c | d\n\n   t\ny: >\nz: |\n",
    "- a\n- \n- b\n-",
    "? a\n: b\n? c\n",
    "{a, b: , : c}",
    "- - x\n  - y\n-\n  k: v\n  l: w\n",
    "--- a\n...\n--- b\n---\n--- >\n z\n",
    "a: \"ü\n  lïne\\u0041\"\nb: ä\n  ö\n",
    "&a k: &b [1]\n? *a \n: x",
    "a:\n- # c\n  x\n- y",
    "a: &q\n# com\n- - y",
    "a:\n-   {k: v}\n-\n",
    "[a: b, c : d, ? e : f, : g]",
    "? a\n:\n? b\n:   # c\n",
    "a:\r\n  - 'b'\r\n  -\r\nc:\r\n",
    "ключ: значение # комментарий\nü: \"é\"",
    "a: \"öpen\nb: 1\n",
    "a: [ö, 2\nb: 3\n",
    "a:\n\t- b\n",
    "a: ö\n  b: 1\n\tc: 2\n",
    "ö: b: c\n",
    "- ö\nb: c\n",
    "a: \u{1}ö",
    "a: \"ö\\q\"",
    "a: 'ö' ö",
    "a: [ö}]",
    "a: ö]",
    "a: @ö",
    "%YAML 1.2\n---\na: b",
    "a: !ö x",
    "a: !<ö",
    "a: *ö",
    "a: |\n  x\n\u{7}y\n",
    "a: |\n  x\u{7}ö\n",
    "[[[[ö",
    "ö: 1\n ö: 2",
    "a: b\u{2028}c\u{85}d\n",
    "<<: {a: 1}\na: 2",
    "a: \u{fffe}",
    "a: 'x\n",
    "\"a\": \n\"b\"  :\n",
];

fn spans(node: Node<'_>, out: &mut Vec<Span>) {
    out.push(node.span());
    if !node.is_alias() {
        node.items().for_each(|item| spans(item, out));
        node.raw_entries().for_each(|(key, value)| [key, value].into_iter().for_each(|node| spans(node, out)));
    }
}

#[test]
fn every_place_is_in_the_text() {
    for text in TRICKY {
        for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
            let text = &text[..cut];
            let (parsed, silent) = (parse(text, true), parse(text, false));
            let mut all: Vec<Span> = parsed.errors.iter().map(|error| error.span).collect();
            all.extend(parsed.comments.iter().map(|comment| comment.span));
            parsed.roots().for_each(|root| spans(root, &mut all));
            for span in all {
                assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
            }
            assert!(parsed.comments.iter().all(|c| text[c.span.start as usize..].starts_with('#')));
            let shown = |parsed: &Parsed<'_>| parsed.roots().map(show).collect::<Vec<_>>();
            assert_eq!((shown(&parsed), &parsed.errors), (shown(&silent), &silent.errors), "{text:?}");
        }
    }
}

/// The tree as JSON-like text, aliases and merges followed.
fn show(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Sequence => format!("[{}]", node.items().map(show).collect::<Vec<_>>().join(",")),
        Kind::Mapping => {
            let pair = |(key, value)| format!("{}:{}", show(key), show(value));
            format!("{{{}}}", node.entries().map(pair).collect::<Vec<_>>().join(","))
        }
        Kind::String => format!("{:?}", node.text().unwrap()),
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number => node.text().unwrap().into(),
    }
}

fn value(text: &str) -> String {
    let parsed = parse(text, true);
    assert_eq!(parsed.errors, [], "{text:?}");
    parsed.roots().map(show).collect::<Vec<_>>().join(" ")
}

/// Each error as `underlined text: message`.
fn errors(text: &str) -> Vec<String> {
    let parsed = parse(text, true);
    let shown = |e: &SyntaxError| format!("{}: {}", &text[e.span.start as usize..e.span.end as usize], e.message);
    parsed.errors.iter().map(shown).collect()
}

#[test]
fn scalars_agree_with_another_reader() {
    let plain = "null Null NULL ~ nULL true True TRUE false tRUE yes no on y 0 -1 +1 12 1.5 -.5 +.5 1. \
                 1e3 1E-3 1.e2 . -- + 0x1F 0xg 0o17 0o8 \
                 .inf -.INF +.inf .Inf .iNF .nan .NaN 1_000 1e 1e+ 0x 0o e3 1.2.3 2024-01-01 12:30 a=b \
                 a@b.example <<< =";
    let others = ["", "''", "\"\"", "'it''s'", "\"a\\tb\"", "'1'", "\"true\"", "!!str 1", "!!str", "!!int '5'"];
    let blocks =
        ["|\n  a\n  b\n", "|-\n  a\n\n  b\n", ">\n  a\n  b\n\n  c\n", "|+\n  a\n\n", "a\n  b\n\n  c\n", "\"a\n  b\""];
    for scalar in plain.split_whitespace().chain(others).chain(blocks) {
        let text = format!("k: {scalar}\n");
        let expected: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let parsed = parse(&text, true);
        let (_, node) = parsed.roots().next().unwrap().entries().next().unwrap();
        let agrees = match (&expected["k"], node.kind()) {
            (serde_yaml::Value::Null, Kind::Null) | (serde_yaml::Value::Number(_), Kind::Number) => true,
            (serde_yaml::Value::Bool(a), Kind::Bool(b)) => *a == b,
            (serde_yaml::Value::String(a), Kind::String) => Some(a.as_str()) == node.text(),
            _ => false,
        };
        assert!(agrees, "{text:?}: {:?}, not {:?}", expected["k"], node.kind());
    }
}

#[test]
fn nodes_know_their_bytes() {
    let text = "a:\n- 'x'\n-  y: [1, 2 ]  # c\n\nb:   # c\nc: &n |-\n  t\n\nd: *n\ne: {k: }\n? f\n";
    let parsed = parse(text, true);
    let mut all = Vec::new();
    parsed.roots().for_each(|root| spans(root, &mut all));
    let shown: Vec<_> = all[1..].iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
    let list = "- 'x'\n-  y: [1, 2 ]";
    let expected = ["a", list, "'x'", "y: [1, 2 ]", "y", "[1, 2 ]", "1", "2", "b", "", "c", "|-\n  t", "d", "*n", "e"];
    assert_eq!(shown[..15], expected);
    assert_eq!(shown[15..], ["{k: }", "k", "", "f", ""]);
    assert!(text[..all[10].start as usize].ends_with("b:") && text[..all[18].start as usize].ends_with("k:"));
    assert_eq!(parsed.comments.iter().filter(|comment| !comment.own_line).count(), 2);
    let (_, c) = parsed.roots().next().unwrap().entries().nth(2).unwrap();
    assert_eq!((c.anchor(), c.style(), c.text()), (Some("n"), ScalarStyle::Literal, Some("t")));
    let tagged = parse("!!seq [ !!str 1 ]", false);
    let root = tagged.roots().next().unwrap();
    assert_eq!((root.tag(), root.flow(), root.items().next().unwrap().tag()), (Some("!!seq"), true, Some("!!str")));
}

#[test]
fn documents_and_merges() {
    assert_eq!(value("# nothing\n---\n--- 1\n---\n# c\n"), "1");
    assert_eq!(value("--- ~\n--- ''"), "null \"\"");
    let merged = "- &a {x: 1, y: 1}\n- &b {<<: *a, y: 2, z: 2}\n- {z: 3, <<: [*b, *a, {w: 4}]}\n- {\"<<\": 1}";
    let expected = "{\"z\":3,\"y\":2,\"x\":1,\"w\":4}";
    assert!(value(merged).ends_with(&format!("{expected},{{\"<<\":1}}]")), "{}", value(merged));
    assert_eq!(value("{a: 1, a: 2}"), "{\"a\":1,\"a\":2}");
}

#[test]
fn errors_are_gathered_in_good_words() {
    let text = "a: [1\n---\nb: *nope\nc: !x 1\n[d]: 1\n<<: [3]\n---\ne: 1\n--- 'f\n";
    let expected = [
        "[: this `[` is never closed",
        "*nope: `*nope` refers to nothing: no `&nope` stands before it in this document",
        "!x: tag !x is not known here",
        "[: a key must be a single word or text, not a list or map",
        "[3]: `<<` takes in maps only",
        "': this quote is never closed",
    ];
    assert_eq!(errors(text), expected);
    assert_eq!(parse(text, true).roots().map(show).collect::<Vec<_>>(), ["{\"e\":1}"]);
    assert_eq!(errors("a: \"x\nb: 1"), ["\": this quote is never closed"]);
    assert_eq!(errors("a:\n  b: 1\n\tc: 2\n"), ["\t: this line is indented with a tab"]);
    assert_eq!(errors("a:\n\t- b\n"), ["\t: this line is indented with a tab"]);
    assert_eq!(errors("a: \"b\\n\\q\""), ["\\q: this is not an escape that \"…\" knows"]);
    assert_eq!(errors("a: |\n  b\u{7}"), ["\u{7}: the invisible character U+0007 is not allowed"]);
    assert_eq!(errors("a: &a [*a]"), ["*a: this alias refers to a list or map that it stands in itself"]);
    assert_eq!(errors("a: !!int x"), ["!!int: tag !!int does not fit what follows it"]);
}

#[test]
fn nothing_blows_up() {
    let deep = |open: &str, n: usize| errors(&open.repeat(n)).concat();
    assert!(deep("[", 100_000).contains("nested deeper than 128 levels"));
    assert!(deep("- ", 100_000).contains("nested deeper than 128 levels"));
    assert!(deep("{a: [", 100_000).contains("nested deeper than 128 levels"));
    assert_eq!(errors(&format!("{}{}", "[".repeat(128), "]".repeat(128))), [] as [&str; 0]);
    let chain: String = (1..200).map(|n| format!("- &a{n} [*a{}]\n", n - 1)).collect();
    assert_eq!(errors(&format!("- &a0 []\n{chain}")), ["*a126: nested deeper than 128 levels"]);
    let bomb = format!("- &a [{}]\n{}", "x, ".repeat(5000), "- *a\n".repeat(5000));
    assert_eq!(errors(&bomb), ["*a: aliases expand to more than 200020 values"]);
    let comments = format!("a:\n{}  b: 1\n", "# c\n".repeat(50_000));
    assert_eq!((parse(&comments, true).comments.len(), parse(&comments, false).comments.len()), (50_000, 0));
}
