//! From scans to readings.

pub mod document;
pub mod fields;
pub mod layout;
pub mod page;
pub mod reader;
