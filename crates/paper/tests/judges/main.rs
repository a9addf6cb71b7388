//! Signed files before pyHanko, OpenSSL, pdfsig and qpdf, and files of others before ours.

mod house;
mod ours;
mod tampered;
mod theirs;
