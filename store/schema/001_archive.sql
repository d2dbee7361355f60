-- Version 1 of the archive: blobs in chunks, and the ROM sets that refer to them. docs/archive_format.md explains it.
--
-- What is published stays as it is. A blob's row is inserted after its chunks, a rom's row after everything that
-- belongs to it: that row is the seal. Triggers refuse UPDATE and DELETE everywhere, additions below a seal, and
-- INSERT OR REPLACE (which would delete without firing DELETE triggers). Foreign keys are checked at COMMIT.

PRAGMA application_id = 1380732491; -- 'RLNK'
PRAGMA user_version = 1;

CREATE TABLE blob (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the content
  size   INTEGER NOT NULL CHECK (size >= 0)                -- bytes of content
) STRICT;

CREATE TABLE chunk (
  blob_id    INTEGER NOT NULL REFERENCES blob (id) DEFERRABLE INITIALLY DEFERRED,
  position   INTEGER NOT NULL CHECK (position >= 0), -- 0, 1, 2, ... without gaps
  size       INTEGER NOT NULL CHECK (size > 0),      -- bytes of content, before compression
  compressed BLOB NOT NULL,                          -- one zstd frame
  PRIMARY KEY (blob_id, position)
) STRICT;

CREATE TABLE rom (
  id             INTEGER PRIMARY KEY,
  image_hash     BLOB NOT NULL UNIQUE CHECK (length(image_hash) = 32), -- volatile ranges read as 0xFF
  name           TEXT NOT NULL CHECK (name <> ''),
  version        TEXT NOT NULL CHECK (version <> ''),
  build_id       TEXT NOT NULL, -- lower-case hex, or empty
  image_size     INTEGER NOT NULL,
  entry          INTEGER NOT NULL,
  architecture   TEXT NOT NULL,
  function_count INTEGER NOT NULL,
  object_count   INTEGER NOT NULL,
  published_at   TEXT NOT NULL, -- RFC 3339, UTC
  record_digest  BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row and all that refers to it
  UNIQUE (name, version)
) STRICT;

CREATE INDEX rom_by_build_id ON rom (build_id) WHERE build_id <> '';

CREATE TABLE artifact (
  rom_id    INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  role      TEXT NOT NULL,
  file_name TEXT NOT NULL, -- base name
  blob_id   INTEGER NOT NULL REFERENCES blob (id),
  PRIMARY KEY (rom_id, role)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_by_blob ON artifact (blob_id);

CREATE TABLE address_range (
  rom_id   INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  kind     TEXT NOT NULL CHECK (kind IN ('flash', 'volatile', 'shared_ram')),
  position INTEGER NOT NULL,
  address  INTEGER NOT NULL CHECK (address BETWEEN 0 AND 4294967295),
  size     INTEGER NOT NULL CHECK (size BETWEEN 0 AND 4294967295), -- bytes
  PRIMARY KEY (rom_id, kind, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE label (
  rom_id INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  key    TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (rom_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  rom_id   INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  position INTEGER NOT NULL,
  text     TEXT NOT NULL,
  PRIMARY KEY (rom_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE shared_symbol (
  rom_id INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  name   TEXT NOT NULL,
  PRIMARY KEY (rom_id, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;
CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;
CREATE TRIGGER blob_no_replace BEFORE INSERT ON blob
WHEN EXISTS (SELECT 1 FROM blob WHERE id = NEW.id OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;

CREATE TRIGGER chunk_no_update BEFORE UPDATE ON chunk
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;
CREATE TRIGGER chunk_no_delete BEFORE DELETE ON chunk
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;
CREATE TRIGGER chunk_sealed BEFORE INSERT ON chunk
WHEN EXISTS (SELECT 1 FROM blob WHERE id = NEW.blob_id)
BEGIN SELECT RAISE(ABORT, 'archived blobs are permanent'); END;

CREATE TRIGGER rom_no_update BEFORE UPDATE ON rom
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER rom_no_delete BEFORE DELETE ON rom
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER rom_no_replace BEFORE INSERT ON rom
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.id OR image_hash = NEW.image_hash
             OR (name = NEW.name AND version = NEW.version))
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;

CREATE TRIGGER artifact_no_update BEFORE UPDATE ON artifact
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER artifact_no_delete BEFORE DELETE ON artifact
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER artifact_sealed BEFORE INSERT ON artifact
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;

CREATE TRIGGER address_range_no_update BEFORE UPDATE ON address_range
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER address_range_no_delete BEFORE DELETE ON address_range
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER address_range_sealed BEFORE INSERT ON address_range
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;

CREATE TRIGGER label_no_update BEFORE UPDATE ON label
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER label_no_delete BEFORE DELETE ON label
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER label_sealed BEFORE INSERT ON label
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;

CREATE TRIGGER note_no_update BEFORE UPDATE ON note
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER note_no_delete BEFORE DELETE ON note
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER note_sealed BEFORE INSERT ON note
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;

CREATE TRIGGER shared_symbol_no_update BEFORE UPDATE ON shared_symbol
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER shared_symbol_no_delete BEFORE DELETE ON shared_symbol
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
CREATE TRIGGER shared_symbol_sealed BEFORE INSERT ON shared_symbol
WHEN EXISTS (SELECT 1 FROM rom WHERE id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'published ROM sets are permanent'); END;
