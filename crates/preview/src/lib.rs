//! Previews: small pictures of content that nobody trusts, made in a process that can do nothing else.
//!
//! [`Maker`] starts the program again for each step; [`child`] is what it does there. Before it reads a byte
//! the child gives up files, network, processes and most of the kernel ([`sandbox`]); content comes to it
//! in sealed memory, and what it answers is PPM, the plainest raster there is, read here by a dozen lines
//! and written anew. Nothing of the content itself gets through. Where the walls cannot be put up, nothing
//! is made. Knows no user, no database, no page.

pub mod child;
mod content;
mod decode;
mod kind;
mod maker;
pub mod ppm;
pub mod sandbox;
mod step;

pub use content::{Content, KEPT_BYTES_MAX};
pub use kind::{Class, HEAD_BYTES, Kind};
pub use maker::{Maker, Not, Picture, Preview};

/// The longest side of a picture.
pub const SIDE_MAX: u32 = 1024;
/// The pages of a document, and the frames of a film, that are shown.
pub const PICTURES_MAX: usize = 3;
