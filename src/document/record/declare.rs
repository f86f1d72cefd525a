//! Declaring records and closed sets of words: one declaration is a type, its reader and its schema.

use super::{Key, Reader};
use crate::diagnostic::{Span, nearest};
use crate::document::tree::Node;

/// Declares a record: a struct, its reader, its schema. Each field names its key; `..part: Part` takes in the keys of
/// another record at that place. `hints` explain keys that people try and that the record does not have on purpose.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident as $word:literal {
            $( $(#[doc = $fdoc:literal])* $(#[schemars($($attr:tt)*)])? $key:literal => $field:ident : $ty:ty, )*
            $( ..$part:ident : $part_ty:ty, $( $(#[doc = $ldoc:literal])* $lkey:literal => $last:ident : $lty:ty, )* )?
        }
        $(hints { $($hkey:literal => $hint:literal),* $(,)? })?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $fdoc])* #[schemars(rename = $key $(, $($attr)*)?)] pub $field: $ty, )*
            $(
                /// The keys that it shares with other records.
                #[schemars(flatten)]
                pub $part: $part_ty,
                $( $(#[doc = $ldoc])* #[schemars(rename = $lkey)] pub $last: $lty, )*
            )?
        }

        impl $name {
            /// Its keys in order, each with the layout of its value.
            pub(crate) fn keys() -> &'static [$crate::document::record::Key] {
                use $crate::document::record::{FromNode, Key};
                static KEYS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(|| {
                    let keys: [&[Key]; _] = [
                        &[$( ($key, <$ty as FromNode>::layout) ),*],
                        $( <$part_ty>::keys(), &[$( ($lkey, <$lty as FromNode>::layout) ),*] )?
                    ];
                    keys.concat()
                });
                &KEYS
            }
        }

        $crate::document::record::reader! {
            $name as $word
            { $( $key => $field : $ty, )* $( $( $lkey => $last : $lty, )* )? }
            { $( $part : $part_ty )? }
            { $( $($hkey => $hint),* )? }
        }
    };
}
pub(crate) use record;

/// The reader of a record: its own keys, those of the record that it takes in, and its hints.
macro_rules! reader {
    (
        $name:ident as $word:literal
        { $( $key:literal => $field:ident : $ty:ty, )* }
        { $( $part:ident : $part_ty:ty )? }
        { $( $hkey:literal => $hint:literal ),* }
    ) => {
        impl $name {
            /// Reads its keys; those in `others` belong to the record that takes this one in.
            pub(crate) fn read_among<'t>(
                node: $crate::document::tree::Node<'t>,
                others: &[$crate::document::record::Key],
                reader: &mut $crate::document::record::Reader<'t>,
            ) -> Option<Self> {
                use $crate::document::record::{FromNode, first_line, is_key};
                $( let mut $field: Option<Option<$ty>> = None; )*
                for (key, value) in node.entries() {
                    let Some(text) = key.text() else { continue };
                    match text {
                        $( $key => match $field {
                            Some(_) => reader.duplicate_key(node, key),
                            None => $field = Some(reader.key($key, |r| <$ty as FromNode>::read(value, r))),
                        }, )*
                        $( _ if is_key(<$part_ty>::keys(), text) => {} )?
                        // What nobody knows is reported by the record that takes this one in.
                        _ if is_key(others, text) || !others.is_empty() => {}
                        _ => {
                            let hint = match text { $( $hkey => Some($hint), )* _ => None };
                            reader.unknown_key(key, $word, Self::keys(), hint);
                        }
                    }
                }
                $( let $part = <$part_ty>::read_among(node, Self::keys(), reader); )?
                $( let $field: Option<$ty> = match $field {
                    Some(Some(value)) => Some(value),
                    Some(None) => <$ty as FromNode>::unreadable(),
                    None => <$ty as FromNode>::missing(first_line(node), $word, $key, reader),
                }; )*
                Some($name { $( $field: $field?, )* $( $part: $part?, )? })
            }
        }

        impl $crate::document::record::FromNode for $name {
            fn read<'t>(
                node: $crate::document::tree::Node<'t>,
                reader: &mut $crate::document::record::Reader<'t>,
            ) -> Option<Self> {
                if node.kind() != $crate::document::tree::Kind::Mapping {
                    reader.wrong_type(node, concat!("a map of keys and values, ", $word));
                    return None;
                }
                Self::read_among(node, &[], reader)
            }

            fn layout() -> $crate::document::record::Layout {
                $crate::document::record::Layout::Record(Self::keys())
            }
        }
    };
}
pub(crate) use reader;

/// Whether a text is one of a record's keys.
pub fn is_key(keys: &[Key], text: &str) -> bool {
    keys.iter().any(|(key, _)| *key == text)
}

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
