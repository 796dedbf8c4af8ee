//! Files to pages.
