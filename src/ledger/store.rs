//! The SQLite file under the ledger: opening, migrating, rows to events and back.
//!
//! WAL with `synchronous=FULL`: a committed event is on the disk before the call returns, and a torn write at
//! the end is dropped whole when the file is opened again. `fullfsync` asks the same of macOS.
//!
//! Sources: <https://sqlite.org/wal.html>, <https://sqlite.org/pragma.html>, <https://sqlite.org/stricttables.html>.

mod scans;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior,
    params,
};
use uuid::Uuid;

use super::LedgerError;
use super::event::{Actor, Event, LoggedEvent};
use super::ids::{EventId, RecordId, SealedId};
use crate::custody::{DiskError, PathKind, Sealed};
use crate::platform;

/// An open database.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    path: PathBuf,
}

/// One row of the table of sealed values.
#[derive(Debug)]
pub(super) struct SealedRow {
    pub(super) record: RecordId,
    pub(super) field: String,
    /// `None` once wiped.
    pub(super) sealed: Option<Sealed>,
    pub(super) wiped_at: Option<Timestamp>,
}

impl Store {
    /// Opens or creates the database of `dir` and brings it to the present schema.
    pub(super) fn open(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join(NAME);
        let failed = |error| LedgerError::Disk(DiskError::new(PathKind::Ledger, &path, error));
        // SQLite would create the file for everybody; its companions take the mode of this one.
        platform::open_or_create_owner_only(&path).map_err(failed)?;
        platform::sync_dir(dir).map_err(failed)?;
        let (store, _) = Self::connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        store.prepare().map_err(|error| store.fault(error))?;
        store.migrate()?;
        Ok(store)
    }

    /// Opens the database of `dir` without the right to change it.
    pub(super) fn open_read_only(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join(NAME);
        if !path.is_file() {
            return Err(LedgerError::NoLedger { path });
        }
        let (store, version) = match Self::connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY) {
            // A folder that takes no file (a write-protected stick) has no room for the reader's share either.
            Err(LedgerError::Disk(_)) if is_settled(&path) => Self::connect_settled(&path)?,
            opened => opened?,
        };
        match version {
            0 => Err(LedgerError::NoLedger { path: store.path }),
            found if found < LATEST => Err(LedgerError::NotMigrated {
                path: store.path,
                found,
                known: LATEST,
            }),
            _ => Ok(store),
        }
    }

    /// Runs `work` in one transaction: all of it is kept, or nothing. Within another, it is a part of that one.
    pub(super) fn in_transaction<T>(
        &self,
        work: impl FnOnce() -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if !self.connection.is_autocommit() {
            return self.in_savepoint(work);
        }
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(|error| self.fault(error))?;
        let outcome = work()?;
        transaction.commit().map_err(|error| self.fault(error))?;
        Ok(outcome)
    }

    /// Begins a transaction that [`Self::commit`] or [`Self::roll_back`] ends.
    pub(super) fn begin(&self) -> Result<(), LedgerError> {
        self.batch("BEGIN IMMEDIATE")
    }

    /// Keeps what was written since [`Self::begin`].
    pub(super) fn commit(&self) -> Result<(), LedgerError> {
        self.batch("COMMIT")
    }

    /// Drops what was written since [`Self::begin`].
    pub(super) fn roll_back(&self) {
        // A full disk has ended the transaction already; nothing of it is kept either way.
        let _ended = self.batch("ROLLBACK");
    }

    fn in_savepoint<T>(
        &self,
        work: impl FnOnce() -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.batch("SAVEPOINT part")?;
        let outcome = work();
        match &outcome {
            Ok(_) => self.batch("RELEASE part")?,
            // A full disk has ended the whole transaction already, the part with it.
            Err(_) => drop(self.batch("ROLLBACK TO part; RELEASE part")),
        }
        outcome
    }

    fn batch(&self, statements: &str) -> Result<(), LedgerError> {
        self.connection
            .execute_batch(statements)
            .map_err(|error| self.fault(error))
    }

    /// The largest id in use, so that the next one is larger.
    pub(super) fn last_id(&self) -> Result<Uuid, LedgerError> {
        let query = "SELECT max((SELECT coalesce(max(id), '') FROM events), \
                                (SELECT coalesce(max(id), '') FROM sealed))";
        let last: String = self
            .connection
            .query_row(query, [], |row| row.get(0))
            .map_err(|error| self.fault(error))?;
        Ok(last.parse().unwrap_or(Uuid::nil()))
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<String>, LedgerError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| self.fault(error))
    }

    pub(super) fn write_meta(&self, key: &str, value: &str) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)",
                [key, value],
            )
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    pub(super) fn write_event(
        &self,
        id: EventId,
        record: RecordId,
        at: Timestamp,
        actor: Actor,
        event: &Event,
    ) -> Result<(), LedgerError> {
        let payload = serde_json::to_string(event)
            .map_err(|source| LedgerError::NotWritable { record, source })?;
        self.write_line(id, record, at, actor, &payload)
    }

    /// Writes an event in the words in which another ledger wrote it.
    pub(super) fn write_line(
        &self,
        id: EventId,
        record: RecordId,
        at: Timestamp,
        actor: Actor,
        payload: &str,
    ) -> Result<(), LedgerError> {
        let insert =
            "INSERT INTO events (id, record, at, actor, payload) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection
            .prepare_cached(insert)
            .and_then(|mut statement| {
                statement.execute(params![
                    id.to_string(),
                    record.to_string(),
                    at.to_string(),
                    actor.name(),
                    payload
                ])
            })
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    /// The words in which an event stands in the log.
    pub(super) fn line(&self, id: EventId) -> Result<Option<String>, LedgerError> {
        self.connection
            .prepare_cached("SELECT payload FROM events WHERE id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([id.to_string()], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| self.fault(error))
    }

    /// The whole log, in order.
    pub(super) fn events(&self) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.events_where("1 = 1", [])
    }

    /// One record's events, in order.
    pub(super) fn events_of(&self, record: RecordId) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.events_where("record = ?1", [record.to_string()])
    }

    /// The events that bind PCs, in order.
    pub(super) fn bindings(&self) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.events_where("kind = 'bound-to-this-pc'", [])
    }

    /// The events that tell of a change of code, in order.
    pub(super) fn code_changes(&self) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.events_where("kind = 'code-changed'", [])
    }

    /// Records that name `record` as the same issuance.
    pub(super) fn linked_to(&self, record: RecordId) -> Result<Vec<RecordId>, LedgerError> {
        let query = "SELECT DISTINCT record FROM events \
                     WHERE kind = 'linked' AND json_extract(payload, '$.other') = ?1";
        self.record_ids(query, &record.to_string())
    }

    /// Records that were ever confirmed with this request ID, oldest first.
    pub(super) fn confirmed_with(&self, request_id: &str) -> Result<Vec<RecordId>, LedgerError> {
        let query = "SELECT DISTINCT record FROM events \
                     WHERE kind = 'confirmed' AND json_extract(payload, '$.request_id') = ?1 \
                     ORDER BY record";
        self.record_ids(query, request_id)
    }

    /// Records in which this request ID was read, oldest first.
    pub(super) fn read_with(&self, request_id: &str) -> Result<Vec<RecordId>, LedgerError> {
        let query = "SELECT DISTINCT record FROM events \
                     WHERE json_extract(payload, '$.fields.request_id.value') = ?1 \
                     ORDER BY record";
        self.record_ids(query, request_id)
    }

    pub(super) fn write_sealed(
        &self,
        id: SealedId,
        record: RecordId,
        field: &str,
        sealed: &Sealed,
    ) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO sealed (id, record, field, box) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut statement| {
                statement.execute(params![
                    id.to_string(),
                    record.to_string(),
                    field,
                    sealed.as_bytes()
                ])
            })
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    pub(super) fn sealed(&self, id: SealedId) -> Result<Option<SealedRow>, LedgerError> {
        self.connection
            .prepare_cached("SELECT record, field, box, wiped_at FROM sealed WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([id.to_string()], sealed_row).optional())
            .map_err(|error| self.fault(error))
    }

    /// Writes that a sealed value was wiped elsewhere, and so never was here.
    pub(super) fn write_wiped(
        &self,
        id: SealedId,
        record: RecordId,
        field: &str,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let insert = "INSERT INTO sealed (id, record, field, wiped_at) VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .execute(
                insert,
                [
                    id.to_string(),
                    record.to_string(),
                    field.to_owned(),
                    at.to_string(),
                ],
            )
            .map(drop)
            .map_err(|error| self.fault(error))
    }

    /// The ids of a record's sealed values, oldest first.
    pub(super) fn sealed_of(&self, record: RecordId) -> Result<Vec<SealedId>, LedgerError> {
        self.connection
            .prepare_cached("SELECT id FROM sealed WHERE record = ?1 ORDER BY id")
            .and_then(|mut statement| {
                statement
                    .query_map([record.to_string()], |row| parsed(row, 0))?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    /// For each kind of sealed value: how many there are, how many were wiped.
    pub(super) fn sealed_counts(&self) -> Result<Vec<(String, u32, u32)>, LedgerError> {
        let query = "SELECT CASE WHEN field LIKE 'crop/%' THEN 'crop' ELSE field END AS kind, \
                            count(box), count(*) - count(box) \
                     FROM sealed GROUP BY kind ORDER BY kind";
        self.connection
            .prepare(query)
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    /// Takes a sealed value away for good; returns whether it was there.
    pub(super) fn wipe_sealed(&self, id: SealedId, at: Timestamp) -> Result<bool, LedgerError> {
        let update =
            "UPDATE sealed SET box = NULL, wiped_at = ?2 WHERE id = ?1 AND box IS NOT NULL";
        self.connection
            .execute(update, [id.to_string(), at.to_string()])
            .map(|changed| changed > 0)
            .map_err(|error| self.fault(error))
    }

    /// Moves what the write-ahead file holds into the database and empties it.
    pub(super) fn checkpoint(&self) -> Result<(), LedgerError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| self.fault(error))
    }

    /// Opens the file and says which schema it has, without changing it.
    fn connect(path: &Path, access: OpenFlags) -> Result<(Self, u32), LedgerError> {
        Self::connect_as(path, path, access)
    }

    /// Opens a file that nobody writes, as if it could never change.
    fn connect_settled(path: &Path) -> Result<(Self, u32), LedgerError> {
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Self::connect_as(path, Path::new(&immutable_address(path)), access)
    }

    fn connect_as(
        path: &Path,
        address: &Path,
        access: OpenFlags,
    ) -> Result<(Self, u32), LedgerError> {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(address, flags).map_err(|error| fault(path, error))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store
            .connection
            .busy_timeout(BUSY_TIMEOUT)
            .map_err(|error| store.fault(error))?;
        let version = store.check_version_untouched()?;
        Ok((store, version))
    }

    /// Refuses a file that is no ledger or a newer one, before anything is written to it.
    fn check_version_untouched(&self) -> Result<u32, LedgerError> {
        // Without this, closing a refused file would move its write-ahead file into it.
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(|error| self.fault(error))?;
        let number = |pragma: &str| -> Result<u32, LedgerError> {
            self.connection
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .map(|value| u32::try_from(value).unwrap_or(u32::MAX))
                .map_err(|error| self.fault(error))
        };
        let version = number("user_version")?;
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|error| self.fault(error))?;
        let is_ours = number("application_id")? == APPLICATION_ID;
        if !is_ours && (tables > 0 || version > 0) {
            return Err(LedgerError::NotALedger {
                path: self.path.clone(),
            });
        }
        if version > LATEST {
            return Err(LedgerError::Newer {
                path: self.path.clone(),
                found: version,
                known: LATEST,
            });
        }
        Ok(version)
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // A disk without shared memory (some network drives) stays with a rollback journal, which is as safe.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "recursive_triggers", true)?;
        connection.pragma_update(None, "secure_delete", true)
    }

    fn migrate(&self) -> Result<(), LedgerError> {
        let version: u32 = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| self.fault(error))?;
        let pending = MIGRATIONS.iter().enumerate().skip(version as usize);
        for (number, migration) in pending {
            self.in_transaction(|| {
                self.connection
                    .execute_batch(migration)
                    .and_then(|()| {
                        self.connection
                            .pragma_update(None, "user_version", number as u32 + 1)
                    })
                    .map_err(|error| self.fault(error))
            })?;
        }
        Ok(())
    }

    fn events_where(
        &self,
        condition: &'static str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<LoggedEvent>, LedgerError> {
        let query = format!(
            "SELECT id, record, at, actor, kind, payload FROM events WHERE {condition} ORDER BY id"
        );
        self.connection
            .prepare_cached(&query)
            .and_then(|mut statement| {
                statement
                    .query_map(values, logged_event)?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    fn record_ids(&self, query: &'static str, value: &str) -> Result<Vec<RecordId>, LedgerError> {
        self.connection
            .prepare_cached(query)
            .and_then(|mut statement| {
                statement
                    .query_map([value], |row| parsed(row, 0))?
                    .collect::<Result<_, _>>()
            })
            .map_err(|error| self.fault(error))
    }

    fn fault(&self, error: rusqlite::Error) -> LedgerError {
        fault(&self.path, error)
    }
}

/// Whether everything is in the main file: the last writer closed it.
fn is_settled(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(true, |log| log.len() == 0)
}

/// SQLite's address of a file that does not change. <https://sqlite.org/uri.html>
fn immutable_address(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let escaped = text
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    // `C:/…` needs a slash before it; a relative path must not get one.
    match path.is_absolute() && !escaped.starts_with('/') {
        true => format!("file:/{escaped}?immutable=1"),
        false => format!("file:{escaped}?immutable=1"),
    }
}

/// What SQLite's error means for a person.
fn fault(path: &Path, error: rusqlite::Error) -> LedgerError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly) => io::ErrorKind::ReadOnlyFilesystem,
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            io::ErrorKind::PermissionDenied
        }
        // SQLite's own companion files fail with a bare I/O error when there is no room for them.
        Some(ErrorCode::SystemIoFailure) if has_no_room(path) => io::ErrorKind::StorageFull,
        Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => {
            io::ErrorKind::Other
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return LedgerError::InUse { holder: None };
        }
        Some(ErrorCode::NotADatabase) => {
            return LedgerError::NotALedger {
                path: path.to_owned(),
            };
        }
        _ => {
            return LedgerError::Damaged {
                path: path.to_owned(),
                source: Some(error),
            };
        }
    };
    let source = io::Error::new(kind, error);
    LedgerError::Disk(DiskError::new(PathKind::Ledger, path, source))
}

fn has_no_room(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path);
    platform::free_space(folder).is_ok_and(|free| free < COMPANION_ROOM)
}

/// What SQLite's write-ahead index takes at the least.
const COMPANION_ROOM: u64 = 64 * 1024;

fn logged_event(row: &Row<'_>) -> rusqlite::Result<LoggedEvent> {
    let actor: String = row.get(3)?;
    let payload: String = row.get(5)?;
    Ok(LoggedEvent {
        id: parsed(row, 0)?,
        record: parsed(row, 1)?,
        at: parsed(row, 2)?,
        actor: Actor::named(&actor).ok_or_else(|| unfit(3))?,
        kind: row.get(4)?,
        event: serde_json::from_str(&payload).ok(),
    })
}

fn sealed_row(row: &Row<'_>) -> rusqlite::Result<SealedRow> {
    Ok(SealedRow {
        record: parsed(row, 0)?,
        field: row.get(1)?,
        sealed: row.get::<_, Option<Vec<u8>>>(2)?.map(Sealed::from_bytes),
        wiped_at: row
            .get::<_, Option<String>>(3)?
            .map(|text| text.parse().map_err(|_unfit| unfit(3)))
            .transpose()?,
    })
}

fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get::<_, String>(column)?
        .parse()
        .map_err(|_unfit| unfit(column))
}

fn unfit(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text)
}

/// Every schema change, in order; none is ever edited.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_log_and_sealed_values.sql"),
    include_str!("migrations/0002_scans.sql"),
];

/// The schema that this version writes.
pub(super) const LATEST: u32 = MIGRATIONS.len() as u32;

const NAME: &str = "ledger.sqlite";
/// As in the first migration.
const APPLICATION_ID: u32 = 0x6e74_6374;
/// A reader may meet the writer's checkpoint; it takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::DiskTrouble;

    fn write(store: &Store) -> Result<(), LedgerError> {
        let id = |number: u8| Uuid::from_bytes([number; 16]);
        let note = Some("x".repeat(20_000));
        let event = Event::ServiceFailed { note };
        let at = Timestamp::UNIX_EPOCH;
        let count = store.events()?.len() as u8;
        let record = RecordId::new(id(1));
        store.write_event(EventId::new(id(count)), record, at, Actor::Program, &event)
    }

    fn trouble(error: LedgerError) -> DiskTrouble {
        match error {
            LedgerError::Disk(error) => error.trouble,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_full_disk_is_named_and_the_log_stays_readable() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", 40, |_| Ok(()))
            .unwrap();
        let error = loop {
            if let Err(error) = write(&store) {
                break error;
            }
        };
        assert_eq!(trouble(error), DiskTrouble::Full);
        let kept = store.events().unwrap().len();
        assert!(kept > 0);
        drop(store);
        assert_eq!(
            Store::open(dir.path()).unwrap().events().unwrap().len(),
            kept
        );
    }

    #[test]
    fn a_disk_that_may_not_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store
            .connection
            .pragma_update(None, "query_only", true)
            .unwrap();
        assert_eq!(trouble(write(&store).unwrap_err()), DiskTrouble::ReadOnly);
    }

    #[test]
    fn what_fails_inside_a_transaction_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let outcome: Result<(), LedgerError> = store.in_transaction(|| {
            write(&store)?;
            Err(LedgerError::NoKey)
        });
        assert!(matches!(outcome, Err(LedgerError::NoKey)));
        assert!(store.events().unwrap().is_empty());
        write(&store).unwrap();
    }

    #[test]
    fn a_part_that_fails_leaves_the_rest_and_the_whole_can_be_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.begin().unwrap();
        store.in_transaction(|| write(&store)).unwrap();
        let outcome: Result<(), LedgerError> = store.in_transaction(|| {
            write(&store)?;
            Err(LedgerError::NoKey)
        });
        assert!(matches!(outcome, Err(LedgerError::NoKey)));
        assert_eq!(store.events().unwrap().len(), 1);
        store.roll_back();
        assert!(store.events().unwrap().is_empty());
        store.begin().unwrap();
        store.in_transaction(|| write(&store)).unwrap();
        store.commit().unwrap();
        assert_eq!(store.events().unwrap().len(), 1);
    }

    #[test]
    fn an_empty_database_takes_every_migration_once() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.check_version_untouched().unwrap(), LATEST);
    }

    #[test]
    fn a_ledger_of_any_earlier_schema_is_brought_up_and_keeps_its_log() {
        for earlier in 1..MIGRATIONS.len() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(NAME);
            let connection = Connection::open(&path).unwrap();
            for migration in &MIGRATIONS[..earlier] {
                connection.execute_batch(migration).unwrap();
            }
            connection
                .pragma_update(None, "user_version", earlier as u32)
                .unwrap();
            let old = Store { connection, path };
            write(&old).unwrap();
            drop(old);
            let refused = Store::open_read_only(dir.path()).unwrap_err();
            assert!(matches!(refused, LedgerError::NotMigrated { .. }));
            let store = Store::open(dir.path()).unwrap();
            assert_eq!(store.check_version_untouched().unwrap(), LATEST);
            assert_eq!(store.events().unwrap().len(), 1, "schema {earlier}");
        }
    }

    #[test]
    fn a_settled_file_is_read_by_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("100% #1 受付");
        std::fs::create_dir(&odd).unwrap();
        let store = Store::open(&odd).unwrap();
        write(&store).unwrap();
        drop(store);
        assert!(is_settled(&odd.join(NAME)));
        let (settled, version) = Store::connect_settled(&odd.join(NAME)).unwrap();
        assert_eq!((settled.events().unwrap().len(), version), (1, LATEST));
        let address = immutable_address(Path::new("a?b/ledger.sqlite"));
        assert_eq!(address, "file:a%3fb/ledger.sqlite?immutable=1");
    }
}
