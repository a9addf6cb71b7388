//! The floor on which people meet evidence: the web kit, accounts, the heart, which makes
//! records, and holdings, the originals that people deposit; billing comes before the last two.

pub mod accounts;
pub mod evidence;
pub mod holdings;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web;
