//! The page and its form, read as a retrieval reads them. Nothing is filled in.

use super::Mark;
use crate::retrieval::{Reach, RetrievalError, Site, visit};

/// The page and its form.
#[derive(Debug)]
pub enum PageFinding {
    /// The form is understood.
    Understood(Box<Reach>),
    /// It is not, or the page did not come.
    Failed(RetrievalError),
    /// There was no trusted connection to ask over.
    NotAsked,
}

impl PageFinding {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Understood(_) => Mark::Good,
            Self::Failed(_) => Mark::Wrong,
            Self::NotAsked => Mark::Aside,
        }
    }
}

/// The second value is the site's Date header, which a page that is not understood has too.
pub(super) async fn look(site: &Site) -> (PageFinding, Option<String>) {
    let visit = visit(site).await;
    let finding = match visit.found {
        Ok(reached) => PageFinding::Understood(Box::new(reached)),
        Err(error) => PageFinding::Failed(error),
    };
    (finding, visit.date)
}
