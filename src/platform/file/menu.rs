//! The words of a portal's own pages, as the author of a platform file wrote them: what run-books are made of.

use crate::diagnostic::Located;
use crate::document::record::{Map, Required, Text, record};

use super::{Section, Verb};

record! {
    /// The words of the portal's own pages, for people who carry a plan out by hand.
    pub struct Menus as "`menus`" {
        /// What the forms call the fields of a roster: `name`, `email`, `roles`, `attributes.NAME` and so on.
        "fields" => fields: Option<Map<Text, false>>,
        /// How each thing is done.
        "ways" => ways: Option<Vec<Located<MenuWay>>>,
        /// What the portal takes in from a file of CSV, where it does that.
        "imports" => imports: Option<Vec<Located<MenuImport>>>,
    }
}

record! {
    /// An import of new objects from CSV.
    pub struct MenuImport as "an import" {
        /// The kind of object that it creates.
        "of" => of: Required<Located<Section>>,
        /// What to choose, in this order.
        "path" => path: Required<Vec<Text>>,
        /// The columns in their order: each heading with the field of a roster that stands below it.
        "columns" => columns: Required<Map<Text, false>>,
        /// What stands between the items of a list; `, ` where nothing is said.
        "separator" => separator: Option<Text>,
        /// What to choose once the file is named.
        "finish" => finish: Option<Text>,
        /// The sentence of the platform's documentation; absent: the words are not documented, and may differ.
        "source" => source: Option<Text>,
    }
}

record! {
    /// How one thing is done on the portal's pages.
    pub struct MenuWay as "a way through menus" {
        /// The kind of object.
        "of" => of: Required<Located<Section>>,
        /// What is done to it.
        "action" => action: Required<Located<Verb>>,
        /// What to choose, in this order; `{name}` stands for the object's name.
        "path" => path: Required<Vec<Text>>,
        /// What to choose once the fields are filled in.
        "finish" => finish: Option<Text>,
        /// What the portal shows when it is done.
        "then" => then: Option<Text>,
        /// The sentence of the platform's documentation; absent: the words are not documented, and may differ.
        "source" => source: Option<Text>,
    }
}
