//! From scans to readings.

pub mod document;
pub mod page;
pub mod reader;
