-- Scans of letters: which were read, so that none is read twice; folders that scanners fill; scans left where they were.
--
-- Nothing here is secret, and nothing of it travels with a case: it is about the files of this computer.
-- Never edit this file once it is merged: add the next number instead.

-- A file by what it holds, not by its name: scanners use names again.
CREATE TABLE letters (
    sha256  TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
    name    TEXT NOT NULL,
    at      TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'doubtful'))
) STRICT;

-- What becomes of letters that were read whole: a person was asked once.
CREATE TABLE watched_folders (
    path TEXT NOT NULL PRIMARY KEY,
    keep TEXT NOT NULL CHECK (keep IN ('seal', 'delete')),
    at   TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
) STRICT;

-- Scans with a notice that `read` left where they lay. The length tells a later file of that name.
CREATE TABLE scans_left (
    path  TEXT NOT NULL PRIMARY KEY,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    at    TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
) STRICT;
