//! The floor on which people meet evidence: the web kit and accounts; billing and the
//! heart stand on it as they come.

pub mod accounts;
pub mod web;
