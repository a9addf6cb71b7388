//! The floor on which people meet evidence: the web kit, accounts, and the heart, which makes
//! records; billing comes between the last two.

pub mod accounts;
pub mod evidence;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web;
