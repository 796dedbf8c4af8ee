//! From scans to readings.

pub mod document;
