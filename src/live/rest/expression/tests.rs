//! Expressions: what they give, what is wrong with them and where, and that none runs for long.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::diagnostic::FileId;
use crate::document::record::{FromNode, Reader};
use crate::document::tree;

const SCOPE: Scope = &[
    ("item", Shape::Any),
    ("person", Shape::Record(&[("name", Shape::Text), ("active", Shape::Bool), ("roles", Shape::List)])),
    ("page", Shape::Record(&[("size", Shape::Number)])),
];

fn formula(text: &str) -> Formula {
    let yaml = format!("k: {}\n", serde_json::to_string(text).unwrap());
    let parsed = tree::parse(&yaml, false);
    let root = parsed.roots().next().unwrap();
    let (_, value) = root.entries().next().unwrap();
    Formula::read(value, &mut Reader::new(FileId(0))).unwrap()
}

fn compiled(text: &str, wanted: Shape) -> Result<Expression, Vec<Problem>> {
    let all = compile_all(vec![(formula(text), SCOPE, wanted)]);
    let one = all.into_iter().next().expect("one for each");
    one.map_err(|problems| problems.into_iter().map(|(_, problem)| problem).collect())
}

fn names() -> Names {
    let item = json!({
        "id": 4711, "mail": "a@b.example", "flags": ["x", "y"], "deep": { "a b": null }, "big": 18446744073709551615u64,
        "ratio": 1.5, "é": "ü",
    });
    let person = json!({ "name": "Ada Peeters", "active": true, "roles": ["technical"] });
    Names::default().with("item", &item).with("person", &person).with("page", &json!({ "size": 100 }))
}

#[track_caller]
fn gives(text: &str, wanted: Json) {
    let expression = compiled(text, Shape::Any).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    assert_eq!(expression.give(&names()), Ok(wanted), "{text}");
}

#[test]
fn expressions_give_what_the_language_says() {
    gives("item.id", json!(4711));
    gives("item.big", json!(18446744073709551615u64));
    gives("item.ratio * 2.0", json!(3));
    gives("item.mail.split('@')[1]", json!("b.example"));
    gives("'/x/y/z'.substring('/x/y/z'.lastIndexOf('/') + 1)", json!("z"));
    gives("item.flags.map(f, f + '!')", json!(["x!", "y!"]));
    gives("item.flags.filter(f, f != 'x')", json!(["y"]));
    gives("item.flags.exists(f, f == 'y') && person.active", json!(true));
    gives("has(item.nothing) ? item.nothing : 'none'", json!("none"));
    gives("item['é']", json!("ü"));
    gives("{'a': [person.name, null], 'b': person.roles}", json!({"a": ["Ada Peeters", null], "b": ["technical"]}));
    gives("string(page.size)", json!("100"));
    gives("item.deep['a b'] == null", json!(true));
    gives("item.?nothing.orValue('x')", json!("x"));
}

#[test]
fn what_is_not_there_is_told_from_what_fails() {
    let give = |text: &str| compiled(text, Shape::Any).unwrap().give(&names()).unwrap_err();
    for text in ["item.nothing", "item.deep.b", "item['x']", "item.flags[9]"] {
        assert!(matches!(give(text), Failure::Absent(..)), "{text}: {:?}", give(text));
    }
    let Failure::Failed(why) = give("'id ' + item.id") else { panic!("a text and a number") };
    assert!(why.contains("character"), "{why}");
    assert!(!why.contains("4711"), "values are not shown: {why}");
    for text in ["item.id / 0", "int(item.mail)", "item.mail.nothing", "item.flags.map(f, f.x)"] {
        assert!(matches!(give(text), Failure::Failed(_)), "{text}: {:?}", give(text));
    }
}

#[test]
fn problems_are_found_before_anything_runs_and_say_where() {
    // The text, what is underlined in it, and a part of what is said.
    let cases = [
        ("persn.name", "persn", "there is no `persn`"),
        ("person.nam", "nam", "no field `nam`"),
        ("person.active && person.name", "person.name", "this is text, and true or false is wanted"),
        ("size(person.name) > page.siz", "siz", "no field `siz`"),
        ("persn.name + item.x", "persn", "there is no `persn`"),
        ("'é' + persn.name", "persn", "there is no `persn`"),
        ("person.name.lower()", "lower", "there is no function `lower`"),
        ("item.flags.map(f, g)", "g", "there is no `g`"),
        ("item.x +", "", "this is no expression"),
        ("Some text", "text", "this is no expression"),
        ("person.name - 1", "person.name", "this is text, and a number is wanted"),
    ];
    for (text, part, said) in cases {
        let problems = compiled(text, Shape::Any).err().unwrap_or_else(|| panic!("{text} is taken"));
        assert!(problems.iter().any(|one| one.message.contains(said)), "{text}: {problems:?}");
        let one = problems.iter().find(|one| one.message.contains(said)).unwrap();
        let shown: String = text.chars().skip(one.from).take(one.to - one.from).collect();
        assert!(shown.contains(part) || part.contains(&shown) && !shown.is_empty(), "{text}: `{shown}` is underlined");
    }
    let help = compiled("item.in", Shape::Any).unwrap_err().remove(0).help.unwrap();
    assert!(help.contains("[\"in\"]"), "{help}");
    gives("has(item.flags) ? item.flags[0] : ''", json!("x"));
    let problems = |text, wanted| compiled(text, wanted).err().unwrap_or_else(|| panic!("{text} is taken"));
    assert!(problems("person.name", Shape::Bool)[0].message.contains("this is text, and true or false is wanted here"));
    assert!(problems("'x'", Shape::List)[0].message.contains("a list is wanted"));
    assert!(problems("persn.name", Shape::Any)[0].help.as_ref().is_some_and(|help| help.contains("`person`")));
    assert!(problems("person.name == 3", Shape::Any)[0].message.contains("cannot be compared"));
}

#[test]
fn no_expression_runs_for_long_or_breaks_the_stack() {
    let long = Names::default().with("item", &json!({ "many": (0..2000).collect::<Vec<i32>>() }));
    let begun = Instant::now();
    let nested = compiled("item.many.all(a, item.many.all(b, a + b >= 0))", Shape::Any).unwrap();
    assert!(matches!(nested.give(&long), Err(Failure::Failed(why)) if why.contains("too long")));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let deeper = "item.many.all(a, item.many.all(b, item.many.all(c, true)))";
    assert!(compiled(deeper, Shape::Any).unwrap_err()[0].message.contains("loops"));
    for hostile in [
        "1".to_owned() + &"+1".repeat(1900),
        "(".repeat(1500) + "1" + &")".repeat(1500),
        "[".repeat(2000),
        "-".repeat(4000) + "1",
        "a.".repeat(2000) + "b",
        "1".to_owned() + &"+1".repeat(299),
        "item".to_owned() + &".a".repeat(290),
        "[".repeat(290) + &"]".repeat(290),
    ] {
        let refused = compiled(&hostile, Shape::Any).err().unwrap_or_else(|| panic!("too deep, and taken: {hostile}"));
        assert!(!refused.is_empty());
    }
    gives(&("1".to_owned() + &"+1".repeat(30)), json!(31));
    // Texts that grow tenfold each time.
    let grows = "'a'".to_owned() + &".replace('a', 'aaaaaaaaaa')".repeat(9);
    assert!(compiled(&grows, Shape::Any).unwrap_err()[0].message.contains("longer"));
    assert!(compiled("item.mail.replace('a', item.mail)", Shape::Any).is_err());
    gives("item.mail.replace('@', '.').replace('.', '').replace('b', '').replace('e', '')", json!("axampl"));
}

#[test]
fn no_expression_puts_together_far_more_than_it_is_given() {
    let many: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    let item = json!({ "mail": "ada@acme.example", "big": "x".repeat(1 << 20), "text": "y".repeat(60_000), "many": many,
        "flags": ["a", "b"] });
    let names = Names::default().with("item", &item);
    let again = |begin: &str, step: &str, times: usize| begin.to_owned() + &step.repeat(times);
    for (bomb, said) in [
        (again("[item.mail]", ".map(a, a + a)", 40), "too large"),
        (again("[item.flags]", ".map(a, a + a)", 40), "too"),
        (again("[item.flags]", ".map(a, [a, a])", 40), "too"),
        (again("[item.mail]", ".map(a, {'x': a, 'y': a})", 24), "too"),
        (again("[item.mail]", ".map(a, true, a + a)", 24), "too"),
        (again("[item.flags]", ".filter(a, true).map(a, [a, [a, a]])", 16), "too"),
        (again("[item.?mail]", ".map(a, [?a, ?a])", 40), "too"),
        (again("item.big", " + item.big", 40), "too large"),
        (format!("[{}]", vec!["item.big"; 250].join(", ")), "too large"),
        ("item.text.split('').map(a, item.text)".to_owned(), "too large"),
        ("item.many.map(a, item.many.map(b, item.text))".to_owned(), "too"),
        ("item.many.join(item.text)".to_owned(), "too long here"),
        ("item.big.split('')".to_owned(), "too long here"),
        ("item.big.replace('x', 'xxxxxxxxxxxxxxxx')".to_owned(), "too long here"),
        ("item.big.indexOf('xxy')".to_owned(), "too long here"),
        ("item.text.lastIndexOf(item.text + 'z')".to_owned(), "too long here"),
        // Each step is dear, and there are many.
        ("item.many.all(a, !(item.big + 'z').contains(a + 'z'))".to_owned(), "too"),
        ("item.many.exists(a, item.many.exists(b, item.big.contains(a + b + 'z')))".to_owned(), "too long"),
        ("item.many.filter(a, item.many.all(b, !item.big.endsWith(b + 'x')))".to_owned(), "too"),
    ] {
        let begun = Instant::now();
        let expression = compiled(&bomb, Shape::Any).unwrap_or_else(|problems| panic!("{bomb}: {problems:?}"));
        let given = expression.give(&names);
        let Err(Failure::Failed(why)) = given else { panic!("{bomb} gives something") };
        assert!(why.contains(said), "{bomb}: {why}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{bomb}: {:?}", begun.elapsed());
    }
    // What is given may be large, and may be taken over whole.
    let page =
        json!({ "rows": (0..3000).map(|row| json!({ "row": row, "text": "x".repeat(2000) })).collect::<Vec<_>>() });
    let names = Names::default().with("item", &page);
    for text in ["item.rows.filter(row, row.row >= 0)", "item.rows.map(row, {'it': row, 'key': row.row})"] {
        let given = compiled(text, Shape::Any).unwrap().give(&names).unwrap();
        assert_eq!(given.as_array().map(Vec::len), Some(3000), "{text}");
    }
}
