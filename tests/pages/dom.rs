//! A page as a browser's parser sees it.

use std::collections::BTreeMap;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// An element of a page.
#[derive(Debug)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The text in it, and in what is in it.
    pub text: String,
    /// The elements that it is in, by their numbers, the outermost first.
    pub above: Vec<usize>,
}

impl Element {
    /// The value of an attribute that must be there.
    #[track_caller]
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    /// Whether this is what `name`, `.class`, `#id` or `name.class` says.
    fn is(&self, what: &str) -> bool {
        let (name, rest) = what.split_at(what.find(['.', '#']).unwrap_or(what.len()));
        let word = rest.get(1..).unwrap_or_default();
        let has =
            |attribute: &str| self.attributes.get(attribute).is_some_and(|all| all.split(' ').any(|one| one == word));
        let right = match rest.chars().next() {
            None => true,
            Some('#') => has("id"),
            Some(_) => has("class"),
        };
        right && (name.is_empty() || self.name == name)
    }
}

/// All elements of a page, in their order.
#[derive(Debug)]
pub struct Page(pub Vec<Element>);

impl Page {
    /// Reads a page.
    pub fn of(text: &str) -> Page {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(text);
        let mut page = Page(Vec::new());
        page.gather(&dom.document, &[]);
        page
    }

    fn gather(&mut self, node: &Handle, above: &[usize]) -> String {
        let mut inside = above.to_vec();
        let mut own = None;
        match &node.data {
            NodeData::Text { contents } => return contents.borrow().to_string(),
            NodeData::Element { name, attrs, .. } => {
                let attributes = attrs.borrow();
                let attributes =
                    attributes.iter().map(|one| (one.name.local.to_string(), one.value.to_string())).collect();
                let name = name.local.to_string();
                own = Some(self.0.len());
                inside.push(self.0.len());
                self.0.push(Element { name, attributes, text: String::new(), above: above.to_vec() });
            }
            _ => {}
        }
        let text: String = node.children.borrow().iter().map(|child| self.gather(child, &inside)).collect();
        if let Some(own) = own {
            self.0[own].text = text.clone();
        }
        text
    }

    /// What is found by one word after the other, each inside what the one before found: `.findings pre`.
    pub fn all(&self, path: &str) -> Vec<&Element> {
        let words: Vec<&str> = path.split(' ').collect();
        let (last, outer) = words.split_last().expect("a word");
        let inside = |element: &&Element| {
            let mut left = outer.iter().peekable();
            for above in &element.above {
                left.next_if(|word| self.0[*above].is(word));
            }
            left.peek().is_none()
        };
        self.0.iter().filter(|element| element.is(last)).filter(inside).collect()
    }

    /// The text of the first that is found, which must be there, with single spaces.
    #[track_caller]
    pub fn first(&self, path: &str) -> String {
        let found = self.all(path);
        let first = found.first().unwrap_or_else(|| panic!("there is no {path}"));
        first.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
