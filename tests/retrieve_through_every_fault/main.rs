//! `noticert retrieve` against a site that misbehaves in every way it knows: the right state, the right exit code,
//! never a second submission. Every name, code and ID here is invented.

#[path = "../support/mod.rs"]
mod support;

#[path = "../retrieve_a_certificate/fake_site.rs"]
#[allow(dead_code, reason = "another test needs the rest")]
mod fake_site;

mod afterwards;
mod answers;
mod batch;
mod matrix;
mod questions;
mod scene;
