//! The web kit: what every page has in common, and nothing of any page's subject.
//!
//! A request becomes a [`Cx`]: who, when, which language, which node. A page is a
//! struct with a template beside it; [`Cx::page`] puts it into the layout. Faults
//! are rendered in one place. No page needs a script; no style or script is inline.

pub mod assets;
mod cx;
mod fault;
mod fields;
pub mod guard;
mod language;
mod node;
pub mod samples;
pub mod session;
pub mod sheet;
mod words;

pub use cx::{Caller, Cx, Page, Scripts, Site, grouped};
pub use fault::Fault;
pub use fields::{Fields, Upload};
pub use language::{cookie, name as language_name};
pub use node::{Node, Profile, Public, Relation, WitnessRoot};
pub use words::{Catalog, Words, check_words};

use std::sync::LazyLock;

/// The words of the kit itself.
pub(crate) static WORDS: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// An entry of the navigation. Its words are `nav` and `nav-short` of the room.
#[derive(Clone, Copy)]
pub struct Nav {
    /// Where it leads.
    pub href: &'static str,
    /// The room's words.
    pub words: &'static LazyLock<Catalog>,
}
