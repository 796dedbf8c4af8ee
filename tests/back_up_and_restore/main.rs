//! From an installed certificate to a back-up, back from it on another PC, and the old one out of the store.
//!
//! The true program runs; what is on a stick or in a store is shown by openssl, sha256sum and certutil. A stick is a
//! folder of /dev/shm, which is another file system than the one of the data folder.

#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod back_up;
mod faults;
mod remove_the_old;
mod restore;
mod scene;
mod seal;
mod service;
