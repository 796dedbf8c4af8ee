//! `noticert retrieve` against a site that misbehaves in every way it knows: the right state, the right exit code,
//! never a second submission. Every name, code and ID here is invented.

#[path = "../support/mod.rs"]
mod support;

mod afterwards;
mod batch;
mod matrix;
mod scene;
