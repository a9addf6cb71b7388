//! The floor on which people meet evidence: the web kit, accounts, billing, webhooks, the heart, which makes
//! records, and holdings, the originals that people deposit. Each uses those before it.

pub mod accounts;
pub mod billing;
pub mod evidence;
pub mod holdings;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web;
pub mod webhooks;
