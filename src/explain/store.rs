//! A store that failed outside of an installation, in words.

use crate::domain::Text;
use crate::installer::InstallError;
use crate::workflow::StoreStep;

use super::{ExitKind, Explanation, installer};

pub fn explain(doing: StoreStep, error: &InstallError) -> Explanation {
    let not_done = match doing {
        StoreStep::Looking => Text::new(
            "このストアにある証明書は点検できていません。何も変えていません。",
            "The certificates in this store were not looked at. Nothing was changed.",
        ),
        StoreStep::Copying => Text::new("何も削除していません。", "Nothing was removed."),
        StoreStep::Removing => Text::new(
            "削除は完了していません。元に戻す写しは台帳に封印してあります（noticert undo-remove）。",
            "The removal is not finished. A copy to put back lies sealed in the ledger (noticert undo-remove).",
        ),
        StoreStep::PuttingBack => Text::new(
            "元には戻っていません。封印した写しは台帳に残っています。",
            "It is not put back. The sealed copy is still in the ledger.",
        ),
    };
    Explanation {
        not_done,
        ..installer::explain(error)
    }
}

/// A store that only wants its own password has not failed.
pub fn exit_kind(error: &InstallError) -> ExitKind {
    match error {
        InstallError::Locked { .. } | InstallError::WrongStorePassword { .. } => {
            ExitKind::PersonMustLook
        }
        _ => ExitKind::StoreOrDisk,
    }
}
