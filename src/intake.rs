//! From scans to readings.

pub mod document;
pub mod fields;
pub mod judge;
mod labelling;
pub mod layout;
pub mod page;
pub mod reader;
pub mod sheet;
pub mod values;
