//! The sum of what may go wrong in the whole job.

use std::path::PathBuf;

use jiff::civil::Date;
use thiserror::Error;

use crate::case::CaseError;
use crate::config::ConfigError;
use crate::credential::CredentialError;
use crate::custody::backup::BackupError;
use crate::custody::{CustodyError, DiskError};
use crate::domain::{CertificatePasswordError, InstitutionCode, Text};
use crate::installer::InstallError;
use crate::intake::IntakeError;
use crate::intake::scanner::ScannerError;
use crate::ledger::{LedgerError, RefusedReason};
use crate::practice::authority::AuthorityError;
use crate::practice::letters::{EncodeError, FontError};
use crate::practice::site::PracticeSiteError;
use crate::retrieval::RetrievalError;

use super::account::AccountError;
use super::adopting::AdoptError;
use super::drafts::{DraftsError, RowError};
use super::packing::PackError;
use super::person::PersonError;
use super::removing::RemoveError;
use super::restoring::RestoreError;
use super::watching::WatchError;

/// Why a step did not do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// The configuration is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The seal does not open.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The ledger does not do what was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nothing can be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The exchange with the site ended without a file.
    #[error(transparent)]
    Retrieval(#[from] RetrievalError),
    /// A file is no valid credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The store did not take the certificate.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A store failed in another step than an installation.
    #[error("the store failed {}", doing.words())]
    Store {
        /// The step.
        doing: StoreStep,
        /// Why.
        #[source]
        source: InstallError,
    },
    /// The program runs as an account whose store is not the one to fill.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A case cannot be written or taken.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Nothing was packed or taken back.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A file that a person fetched cannot be taken.
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    /// A back-up cannot be written or read.
    #[error(transparent)]
    Backup(BackupError),
    /// A copy that was to be restored or checked cannot be read.
    #[error(transparent)]
    CopyUnread(BackupError),
    /// A scanner gives no pages, or no more of them.
    #[error(transparent)]
    Scanner(#[from] ScannerError),
    /// A folder cannot be watched, or a sealed letter not opened.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The person did not want the back-up on this medium.
    #[error("the medium was declined")]
    MediumDeclined,
    /// Nothing can be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Nothing was removed or put back.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// A person could not be asked.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// A list cannot be taken.
    #[error(transparent)]
    Drafts(#[from] DraftsError),
    /// One row of a list cannot be taken.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The chosen password has another form.
    #[error(transparent)]
    Password(#[from] CertificatePasswordError),
    /// A file of ours cannot be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file that was named cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that was named holds no text.
    #[error("{} is not text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The two entries of a new passphrase differ.
    #[error("the two passphrases differ")]
    PassphrasesDiffer,
    /// The two entries of a new certificate password differ.
    #[error("the two certificate passwords differ")]
    PasswordsDiffer,
    /// The letter's deadline has passed, and nobody asked to try all the same.
    #[error("the retrieval deadline {deadline} has passed")]
    DeadlinePassed {
        /// The letter's.
        deadline: Date,
    },
    /// The record is in a state from which this step does not lead on.
    #[error("the record is {state}; {wanted} was needed")]
    WrongState {
        /// Its state.
        state: &'static str,
        /// The state that this step needs.
        wanted: &'static str,
    },
    /// The site refused this issuance before, and nobody asked to send it again.
    #[error("the site refused it before ({})", reason.name())]
    WasRefused {
        /// Why.
        reason: RefusedReason,
    },
    /// A submission was made whose outcome is not known.
    #[error("the outcome of an earlier submission is not known")]
    OutcomeUnknown,
    /// The site refused this very pair, which is never sent again.
    #[error("the site refused this pair before")]
    PairRefused,
    /// The person was asked whether to send again, and did not say the word.
    #[error("the person did not want it sent again")]
    NotSentAgain,
    /// The site's form is another than the one that worked before, and nobody accepted it.
    #[error("the site's form has changed since it last worked")]
    FormChanged,
    /// A whole file came that is not the credential of this letter. It is kept.
    #[error("the file that the site sent is not the credential of this letter")]
    InvalidP12 {
        /// Where it is kept.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CredentialError,
    },
    /// A whole file came whose certificate another letter's record holds already. It is kept.
    #[error("the certificate that the site sent is recorded for another terminal")]
    SameCertificate {
        /// Where it is kept.
        path: PathBuf,
        /// What people call the terminal that holds it.
        holder: Text,
    },
    /// The kept file is gone or was changed.
    #[error("the kept file {} is not the one that was retrieved", path.display())]
    KeptFileChanged {
        /// Where it should be.
        path: PathBuf,
    },
    /// This PC is not bound to a terminal of the institution yet.
    #[error("this computer is not bound to a terminal of {institution_code}")]
    NotBound {
        /// The institution.
        institution_code: InstitutionCode,
    },
    /// The certificate belongs to another terminal.
    #[error("this certificate is for another terminal")]
    OtherTerminal {
        /// Whose certificate this is.
        certificate: Text,
        /// Which terminal the store or PC belongs to.
        place: Text,
    },
    /// Several terminals would go into one store.
    #[error("{count} certificates of {institution_code} were named for one store")]
    SeveralForOneStore {
        /// The institution.
        institution_code: InstitutionCode,
        /// How many.
        count: usize,
    },
    /// Nothing in the ledger waits for this step.
    #[error("nothing waits for this step")]
    NothingWaits {
        /// What would be needed.
        wanted: Text,
    },
    /// The person asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The asynchronous machinery did not start.
    #[error("the network machinery did not start")]
    Runtime(#[source] std::io::Error),
    /// The invented authority failed.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The practice site failed.
    #[error(transparent)]
    Practice(#[from] PracticeSiteError),
    /// A practice letter could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The embedded font cannot be used.
    #[error(transparent)]
    Font(#[from] FontError),
    /// The practice letter could not be written.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Neither an option nor the environment says where data lies.
    #[error("no data folder is known")]
    NoDataFolder,
    /// A new data folder would lie where browsers save, among what others look into.
    #[error("{} is no place for a new data folder", path.display())]
    DataInDownloads {
        /// The folder.
        path: PathBuf,
    },
    /// Neither an option nor the account says where the browser saves.
    #[error("no downloads folder is known")]
    NoDownloadsFolder,
    /// Results of this command have no form in JSON.
    #[error("{command} prints no JSON")]
    NoJson {
        /// The command.
        command: &'static str,
    },
    /// Neither a terminal nor `--all` was named.
    #[error("no terminal was named")]
    NoTerminalNamed,
    /// The demo's folder holds something already.
    #[error("{} is not empty", path.display())]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The demo read something that its letters do not say.
    #[error("the demo read a value that its letter does not print")]
    Misread,
}

/// What a store was asked for, besides an installation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreStep {
    /// What is in it.
    Looking,
    /// A copy that undoes a removal.
    Copying,
    /// To let a certificate go.
    Removing,
    /// To take back what was removed.
    PuttingBack,
}

impl StoreStep {
    fn words(self) -> &'static str {
        match self {
            Self::Looking => "while it was looked into",
            Self::Copying => "before a removal",
            Self::Removing => "in a removal",
            Self::PuttingBack => "in putting a certificate back",
        }
    }
}

impl Error {
    pub(super) fn store(doing: StoreStep, source: InstallError) -> Self {
        Self::Store { doing, source }
    }
}
