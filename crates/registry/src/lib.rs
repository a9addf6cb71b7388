//! The floor on which people meet evidence: the web kit; accounts, billing and the
//! heart stand on it as they come.

pub mod web;
