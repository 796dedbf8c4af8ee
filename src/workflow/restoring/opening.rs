//! A copy is opened: whole as its index says, with whatever brings its password; and why one is left out.

use secrecy::SecretString;

use super::candidates::{Candidate, Candidates, Inside};
use super::{RestoreError, RestoreRequest};
use crate::credential::{self, Check, CredentialError, Outcome};
use crate::custody::DiskTrouble;
use crate::custody::backup::{self, BackupError};
use crate::custody::envelope::EnvelopeError;
use crate::domain::{CertificatePassword, Pkcs12, Text, VerifiedCredential};
use crate::workflow::backing_up::{nobody_for_the_backup_passphrase, whole};
use crate::workflow::person::given_or_keyed;
use crate::workflow::retrieving::known_password;
use crate::workflow::unlocking::{Locked, Means, Sought, Unlocked, recovered};
use crate::workflow::{Desk, Error};

/// A copy that opened and passed every check.
pub(super) struct Opened {
    pub(super) verified: VerifiedCredential,
    pub(super) means: Means,
    pub(super) checks: Vec<Check>,
}

impl Desk<'_> {
    /// Opens a copy and makes every check of it.
    pub(super) fn open_copy(
        &mut self,
        candidate: &Candidate,
        request: &RestoreRequest<'_>,
    ) -> Result<Opened, Error> {
        let pkcs12 = self.locked_copy(candidate, request.passphrase.as_ref())?;
        let unlocked = match &candidate.inside {
            Some(inside) => {
                let (password, means) = inside.opened_by.clone();
                Some(Unlocked {
                    pkcs12,
                    password,
                    means,
                })
            }
            None => self.unlock(Locked {
                pkcs12,
                given: request.password.clone(),
                recovery: candidate.password_file.as_deref(),
                passphrase: request.passphrase.as_ref(),
                sought: Sought::Listed(candidate.fingerprint()),
                destination: Some(request.destination),
            })?,
        };
        let Some(unlocked) = unlocked else {
            return Err(RestoreError::NoPassword {
                path: candidate.path().to_owned(),
            }
            .into());
        };
        let expected = self.of_the_file_alone();
        let (pkcs12, password) = (unlocked.pkcs12, unlocked.password);
        let examined = credential::examine(pkcs12, &password, &expected, self.now())?;
        let checks = examined.checks.clone();
        Ok(Opened {
            verified: examined.into_verified()?,
            means: unlocked.means,
            checks,
        })
    }

    /// The bytes of the `.p12` as they were backed up; unsealed where the clear copy is gone or broken.
    fn locked_copy(
        &mut self,
        candidate: &Candidate,
        passphrase: Option<&SecretString>,
    ) -> Result<Pkcs12, Error> {
        let clear = candidate.p12.as_ref().map(|path| match &candidate.entry {
            Some(entry) => whole(path, &entry.sha256),
            None => backup::read(path)
                .map(|bytes| Pkcs12::received(bytes.to_vec()))
                .map_err(Error::CopyUnread),
        });
        let sealed = match (clear, &candidate.sealed) {
            (Some(Ok(pkcs12)), _) => return Ok(pkcs12),
            (Some(Err(error)), None) => return Err(error),
            (Some(Err(_)), Some(sealed)) => {
                self.person.tell(&Text::new(
                    format!(
                        "! {} は使えないので、封印した控え {} を開きます。",
                        candidate.path().display(),
                        sealed.display()
                    ),
                    format!(
                        "! {} cannot be used; opening the sealed copy {}.",
                        candidate.path().display(),
                        sealed.display()
                    ),
                ));
                sealed
            }
            (None, Some(sealed)) => sealed,
            (None, None) => {
                let gone = backup::read(candidate.path()).map_err(Error::CopyUnread)?;
                return Ok(Pkcs12::received(gone.to_vec()));
            }
        };
        let prompt = Text::new("バックアップのパスフレーズ:", "Passphrase of the back-up:");
        let nobody = nobody_for_the_backup_passphrase;
        let passphrase = given_or_keyed(passphrase.cloned(), self.person, &prompt, nobody)?;
        let opened = backup::open(sealed, &passphrase).map_err(Error::CopyUnread)?;
        Ok(Pkcs12::from(opened))
    }

    /// Opens files that no index lists as far as passwords are at hand, so that they are known for what they are.
    /// What is no certificate of the service is told and left out; what stays shut stays.
    pub(super) fn look_into(
        &mut self,
        found: &mut Candidates,
        request: &RestoreRequest<'_>,
    ) -> Result<(), Error> {
        let mut known: Vec<(CertificatePassword, Means)> = Vec::new();
        if request.password.is_some() {
            let given = known_password(request.password.clone(), self.person)?;
            known.push((given, Means::Given));
        }
        let mut left = Vec::new();
        let mut unfit = Vec::new();
        for mut candidate in std::mem::take(&mut found.all) {
            match self.look_into_one(&candidate, &mut known, request) {
                Ok(inside) => {
                    candidate.inside = inside;
                    left.push(candidate);
                }
                Err(error) => {
                    let why = why_unfit(&error).ok_or(error)?;
                    unfit.push(self.leave_out(&candidate, why));
                }
            }
        }
        found.all = left;
        match found.all.is_empty() {
            true => Err(RestoreError::NoneUsable { unfit }.into()),
            false => Ok(()),
        }
    }

    fn look_into_one(
        &mut self,
        candidate: &Candidate,
        known: &mut Vec<(CertificatePassword, Means)>,
        request: &RestoreRequest<'_>,
    ) -> Result<Option<Inside>, Error> {
        // A passphrase is asked for once it is settled which sealed file is meant.
        if candidate.p12.is_none() && request.passphrase.is_none() {
            return Ok(None);
        }
        let pkcs12 = self.locked_copy(candidate, request.passphrase.as_ref())?;
        let sealed = self.sealed_for(&pkcs12, &Sought::Listed(None))?;
        let mut at_hand: Vec<(CertificatePassword, Means)> = sealed
            .map(|(password, _)| (password, Means::Seal(None)))
            .into_iter()
            .collect();
        if let (Some(file), Some(passphrase)) = (&candidate.password_file, &request.passphrase) {
            let recovered = recovered(Some(file), passphrase);
            at_hand.extend(recovered.map(|password| (password, Means::RecoveryFile)));
        }
        at_hand.extend(known.iter().cloned());
        let mut opened_by = None;
        for (password, means) in at_hand {
            if self.opens(&pkcs12, &password)? {
                opened_by = Some((password, means));
                break;
            }
        }
        if opened_by.is_none() && self.person.is_present() && request.password.is_none() {
            let file = candidate.path().display();
            self.person
                .tell(&Text::new(file.to_string(), file.to_string()));
            if let Some(password) = self.typed_for(&pkcs12)? {
                known.push((password.clone(), Means::Typed));
                opened_by = Some((password, Means::Typed));
            }
        }
        let Some(opened_by) = opened_by else {
            return Ok(None);
        };
        let expected = self.of_the_file_alone();
        let examined = credential::examine(pkcs12, &opened_by.0, &expected, self.now())?;
        let is_well = examined
            .checks
            .iter()
            .all(|check| check.outcome != Outcome::Failed || check.code == "dates");
        match &examined.facts {
            // Its days are minded where the newest is chosen.
            Some(facts) if is_well => Ok(Some(Inside::new(opened_by, facts))),
            _ => {
                examined.verdict()?;
                Ok(None)
            }
        }
    }

    /// Tells why a copy is not taken.
    pub(super) fn leave_out(&mut self, candidate: &Candidate, why: Text) -> (Text, Text) {
        let label = candidate.label();
        self.person.tell(&Text::new(
            format!("! 使えない控えを飛ばします: {}: {}", label.ja, why.ja),
            format!("! Left out: {}: {}", label.en, why.en),
        ));
        (label, why)
    }
}

/// Why a copy is of no use itself, so that another one may be; `None` where something else is missing.
pub(super) fn why_unfit(error: &Error) -> Option<Text> {
    match error {
        Error::CopyUnread(BackupError::NotReadBack { .. }) => Some(Text::new(
            "バックアップしたときの内容ではありません（壊れているか、書き換えられています）",
            "it is not what was backed up",
        )),
        Error::CopyUnread(BackupError::Disk(error)) => Some(match error.trouble {
            DiskTrouble::Missing => Text::new("ファイルがありません", "the file is gone"),
            _ => Text::new("読み取れません", "it cannot be read"),
        }),
        Error::CopyUnread(BackupError::NotOpened { source, .. })
            if !matches!(**source, EnvelopeError::WrongPassphrase) =>
        {
            Some(Text::new(
                "封印したファイルが壊れています",
                "the sealed file is damaged",
            ))
        }
        Error::Credential(CredentialError::WrongPassword) => None,
        Error::Credential(CredentialError::ChecksFailed { failed }) => Some(joined(failed)),
        Error::Credential(CredentialError::NotPkcs12 { .. }) => Some(Text::new(
            "電子証明書のファイル（.p12）ではありません",
            "it is no .p12 file",
        )),
        Error::Credential(error) => Some(Text::new(
            "ファイルが壊れているか、読めない形式です",
            error.to_string(),
        )),
        _ => None,
    }
}

fn joined(failed: &[Check]) -> Text {
    let list = |pick: fn(&Text) -> &str| {
        let texts: Vec<&str> = failed.iter().map(|check| pick(&check.text)).collect();
        texts.join(" ")
    };
    Text::new(list(|text| &text.ja), list(|text| &text.en))
}
