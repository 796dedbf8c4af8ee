//! Practice without risk: invented letters, and a stand-in of the retrieval site.

pub mod authority;
pub mod site;
