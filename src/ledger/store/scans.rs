//! The tables about scans: rows to values and back.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Store, parsed, unfit};
use crate::ledger::LedgerError;
use crate::ledger::scans::{Keep, KnownLetter, LetterOutcome, ScanLeft, WatchedFolder};
use crate::ledger::words::FileHash;

impl Store {
    pub(in crate::ledger) fn letter(
        &self,
        hash: FileHash,
    ) -> Result<Option<KnownLetter>, LedgerError> {
        self.connection
            .prepare_cached("SELECT name, at, outcome FROM letters WHERE sha256 = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([hash.to_string()], |row| {
                        let outcome: String = row.get(2)?;
                        Ok(KnownLetter {
                            name: row.get(0)?,
                            at: parsed(row, 1)?,
                            outcome: LetterOutcome::named(&outcome).ok_or_else(|| unfit(2))?,
                        })
                    })
                    .optional()
            })
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn write_letter(
        &self,
        hash: FileHash,
        letter: &KnownLetter,
    ) -> Result<(), LedgerError> {
        let insert = "INSERT INTO letters (sha256, name, at, outcome) VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .prepare_cached(insert)
            .and_then(|mut statement| {
                statement.execute(params![
                    hash.to_string(),
                    letter.name,
                    letter.at.to_string(),
                    letter.outcome.name()
                ])
            })
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn watched_folders(&self) -> Result<Vec<WatchedFolder>, LedgerError> {
        self.connection
            .prepare("SELECT path, keep FROM watched_folders ORDER BY path")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        let keep: String = row.get(1)?;
                        Ok(WatchedFolder {
                            path: row.get::<_, String>(0)?.into(),
                            keep: Keep::named(&keep).ok_or_else(|| unfit(1))?,
                        })
                    })?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn write_watched_folder(
        &self,
        path: &str,
        keep: Keep,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let insert = "INSERT INTO watched_folders (path, keep, at) VALUES (?1, ?2, ?3) \
                      ON CONFLICT (path) DO UPDATE SET keep = ?2, at = ?3";
        self.connection
            .execute(insert, params![path, keep.name(), at.to_string()])
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn scans_left(&self) -> Result<Vec<ScanLeft>, LedgerError> {
        self.connection
            .prepare("SELECT path, bytes FROM scans_left ORDER BY path")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok(ScanLeft {
                            path: row.get::<_, String>(0)?.into(),
                            bytes: row
                                .get::<_, i64>(1)?
                                .try_into()
                                .map_err(|_negative| unfit(1))?,
                        })
                    })?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn write_scan_left(
        &self,
        path: &str,
        bytes: i64,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let insert = "INSERT INTO scans_left (path, bytes, at) VALUES (?1, ?2, ?3) \
                      ON CONFLICT (path) DO UPDATE SET bytes = ?2, at = ?3";
        self.connection
            .execute(insert, params![path, bytes, at.to_string()])
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    pub(in crate::ledger) fn forget_scan_left(&self, path: &str) -> Result<(), LedgerError> {
        self.connection
            .execute("DELETE FROM scans_left WHERE path = ?1", [path])
            .map(drop)
            .map_err(|error| self.fault(error))
    }
}
