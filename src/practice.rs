//! A stand-in of the retrieval site for rehearsal, demonstration and tests; nothing in it is real.

pub mod authority;
pub mod letters;
pub mod site;
