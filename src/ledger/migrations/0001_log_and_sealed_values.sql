-- The log of events, the sealed values that they name, and what a ledger is bound to once.
--
-- Never edit this file once it is merged: add the next number instead.

PRAGMA application_id = 0x6e746374; -- 'ntct', so that another program's database is never taken for a ledger

-- Nothing here ever changes: a ledger keeps its id, its key and its kind of site (practice or real) for life.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TRIGGER meta_is_written_once BEFORE INSERT ON meta
WHEN EXISTS (SELECT 1 FROM meta WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'meta is written once'); END;

CREATE TRIGGER meta_is_never_changed BEFORE UPDATE ON meta
BEGIN SELECT RAISE(ABORT, 'meta is never changed'); END;

CREATE TRIGGER meta_is_never_deleted BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'meta is never deleted'); END;

-- State is a fold over these rows in the order of their ids (UUIDv7, rising within a ledger).
CREATE TABLE events (
    id      TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    record  TEXT NOT NULL CHECK (length(record) = 36),
    at      TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
    actor   TEXT NOT NULL CHECK (actor IN ('person', 'judge', 'program')),
    payload TEXT NOT NULL CHECK (json_type(payload) = 'object'),
    kind    TEXT NOT NULL GENERATED ALWAYS AS (json_extract(payload, '$.kind')) STORED
) STRICT;

CREATE INDEX events_of_a_record ON events (record, id);

CREATE INDEX events_of_a_kind ON events (kind, id)
WHERE kind = 'bound-to-this-pc';

CREATE INDEX links_to_a_record ON events (json_extract(payload, '$.other'))
WHERE kind = 'linked';

CREATE INDEX confirmed_request_ids ON events (json_extract(payload, '$.request_id'))
WHERE kind = 'confirmed';

CREATE INDEX read_request_ids ON events (json_extract(payload, '$.fields.request_id.value'))
WHERE json_extract(payload, '$.fields.request_id.value') IS NOT NULL;

-- INSERT OR REPLACE deletes without firing the delete trigger, so an id that is taken is refused here.
CREATE TRIGGER events_are_written_once BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are written once'); END;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- A value may be sealed again for another key, or wiped; that it was there stays known.
CREATE TABLE sealed (
    id       TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    record   TEXT NOT NULL CHECK (length(record) = 36),
    field    TEXT NOT NULL CHECK (field <> ''),
    box      BLOB,
    wiped_at TEXT CHECK (wiped_at GLOB '????-??-??T??:??:??*Z'),
    CHECK ((box IS NULL) = (wiped_at IS NOT NULL))
) STRICT;

CREATE TRIGGER sealed_is_written_once BEFORE INSERT ON sealed
WHEN EXISTS (SELECT 1 FROM sealed WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'sealed values are written once'); END;

CREATE TRIGGER sealed_keeps_its_place BEFORE UPDATE OF id, record, field ON sealed
BEGIN SELECT RAISE(ABORT, 'sealed values keep their place'); END;

CREATE TRIGGER sealed_stays_wiped BEFORE UPDATE ON sealed
WHEN OLD.box IS NULL
BEGIN SELECT RAISE(ABORT, 'wiped values stay wiped'); END;

CREATE TRIGGER sealed_is_never_deleted BEFORE DELETE ON sealed
BEGIN SELECT RAISE(ABORT, 'sealed values are wiped, not deleted'); END;
