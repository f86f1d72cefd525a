//! Declaring records and closed sets of words: one declaration is a type, its reader and its schema.

use super::Reader;
use crate::diagnostic::{Span, nearest};
use crate::document::tree::Node;

/// Declares a record: a struct, its reader, its schema. Each field names its key; `hints` explain keys that people
/// try and that the record does not have on purpose.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident as $word:literal {
            $( $(#[doc = $fdoc:literal])* $(#[schemars($($attr:tt)*)])? $key:literal => $field:ident : $ty:ty ),* $(,)?
        }
        $(hints { $($hkey:literal => $hint:literal),* $(,)? })?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $fdoc])* #[schemars(rename = $key $(, $($attr)*)?)] pub $field: $ty, )*
        }

        impl $crate::document::record::FromNode for $name {
            fn read<'t>(
                node: $crate::document::tree::Node<'t>,
                reader: &mut $crate::document::record::Reader<'t>,
            ) -> Option<Self> {
                use $crate::document::record::FromNode;
                if node.kind() != $crate::document::tree::Kind::Mapping {
                    reader.wrong_type(node, concat!("a map of keys and values, ", $word));
                    return None;
                }
                $( let mut $field: Option<Option<$ty>> = None; )*
                for (key, value) in node.entries() {
                    let Some(text) = key.text() else { continue };
                    match text {
                        $( $key => match $field {
                            Some(_) => reader.duplicate_key(node, key),
                            None => $field = Some(reader.key($key, |r| <$ty as FromNode>::read(value, r))),
                        }, )*
                        _ => {
                            #[allow(unused_mut, unused_assignments)]
                            let mut hint: Option<&str> = None;
                            $( $( if text == $hkey { hint = Some($hint); } )* )?
                            reader.unknown_key(key, $word, &[$($key),*], hint);
                        }
                    }
                }
                $( let $field: Option<$ty> = match $field {
                    Some(Some(value)) => Some(value),
                    Some(None) => <$ty as FromNode>::unreadable(),
                    None => <$ty as FromNode>::missing($crate::document::record::first_line(node), $word, $key, reader),
                }; )*
                Some($name { $( $field: $field?, )* })
            }

            fn layout() -> $crate::document::record::Layout {
                use $crate::document::record::{FromNode, Layout, LayoutOf};
                const KEYS: &[(&str, LayoutOf)] = &[$( ($key, <$ty as FromNode>::layout) ),*];
                Layout::Record(KEYS)
            }
        }
    };
}
pub(crate) use record;

/// Where to point for something that a record lacks: its first key, or all of it where it is empty.
pub fn first_line(node: Node<'_>) -> Span {
    node.entries().next().map_or_else(|| node.span(), |(key, _)| key.span())
}

/// Declares a closed set of words: an enum, its reader, its schema.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident { $( $(#[doc = $vdoc:literal])* $variant:ident = $word:literal ),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, schemars::JsonSchema)]
        pub enum $name { $( $(#[doc = $vdoc])* #[schemars(rename = $word)] $variant ),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word as users write it.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $word ),* }
            }

            /// The value that a word stands for.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $( $word => Some($name::$variant), )* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::document::record::FromNode for $name {
            fn read<'t>(
                node: $crate::document::tree::Node<'t>,
                reader: &mut $crate::document::record::Reader<'t>,
            ) -> Option<Self> {
                let words = [$($word),*];
                let value = node.text().and_then($name::from_word);
                if value.is_none() {
                    $crate::document::record::wrong_word(node, &words, reader);
                }
                value
            }
        }
    };
}
pub(crate) use words;

/// Reports a word outside a closed set.
pub fn wrong_word<'t>(node: Node<'t>, words: &[&'static str], reader: &mut Reader<'t>) {
    reader.wrong_type(node, &format!("one of {}", words.join(", ")));
    let near = node.text().and_then(|text| nearest(text, words.iter().copied()));
    if let (Some(near), Some(finding)) = (near, reader.diagnostics.last_mut()) {
        finding.help = Some(format!("did you mean `{near}`?"));
    }
}
