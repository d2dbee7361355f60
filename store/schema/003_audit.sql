-- Version 3 of the archive: what is known to be wrong with ROM code, which links were made against which ROM, and the
-- bodies of ROM functions, by which defective code is found in other ROMs.
--
-- Nothing is ever changed or removed. An advisory grows: targets may be added, in order. A release is sealed by the row of
-- `release`, a ROM's bodies by the row of `body_set`: both are inserted last.

PRAGMA user_version = 3;

-- Derived from a ROM index, as that is from the ROM's ELF; losing it loses nothing.
CREATE TABLE body_set (
  rom_id         INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  format_version INTEGER NOT NULL CHECK (format_version > 0), -- of the ROM index
  body_count     INTEGER NOT NULL CHECK (body_count >= 0),    -- rows of `body`
  unknown_count  INTEGER NOT NULL CHECK (unknown_count >= 0), -- functions whose body could not be told
  record_digest  BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row, the ROM and the rows of `body`
  PRIMARY KEY (rom_id, format_version)
) STRICT, WITHOUT ROWID;

CREATE TABLE body (
  head           INTEGER NOT NULL CHECK (head BETWEEN 0 AND 1099511627775), -- first 5 bytes of a body's digest, big-endian
  rom_id         INTEGER NOT NULL,
  format_version INTEGER NOT NULL,
  PRIMARY KEY (head, rom_id, format_version),
  FOREIGN KEY (rom_id, format_version) REFERENCES body_set (rom_id, format_version) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE advisory (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE CHECK (name <> ''), -- 'CVE-2026-0001'
  summary       TEXT NOT NULL,
  url           TEXT NOT NULL,
  recorded_at   TEXT NOT NULL, -- RFC 3339, UTC
  record_digest BLOB NOT NULL CHECK (length(record_digest) = 32)
) STRICT;

CREATE TABLE advisory_target (
  advisory_id   INTEGER NOT NULL REFERENCES advisory (id) DEFERRABLE INITIALLY DEFERRED,
  position      INTEGER NOT NULL CHECK (position >= 0), -- 0, 1, 2, ... without gaps, as they were added
  rom_id        INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  symbol        TEXT NOT NULL,
  address       INTEGER NOT NULL CHECK (address BETWEEN 0 AND 4294967295), -- without the Thumb bit
  size          INTEGER NOT NULL CHECK (size BETWEEN 0 AND 4294967295),    -- bytes
  body_digest   BLOB NOT NULL CHECK (length(body_digest) IN (0, 32)),      -- empty: not known
  recorded_at   TEXT NOT NULL,
  record_digest BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row, the advisory and the ROM
  PRIMARY KEY (advisory_id, position),
  UNIQUE (advisory_id, rom_id, symbol, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX advisory_target_by_rom ON advisory_target (rom_id);

CREATE TABLE release (
  id             INTEGER PRIMARY KEY,
  release_hash   BLOB NOT NULL UNIQUE CHECK (length(release_hash) = 32), -- of what was linked and what came out
  linked_at      TEXT NOT NULL, -- RFC 3339, UTC; of the first time
  image_hash     BLOB NOT NULL CHECK (length(image_hash) = 32), -- SHA-256 of the linked ELF file
  tool_version   TEXT NOT NULL,
  policy_blob_id INTEGER REFERENCES blob (id), -- NULL: the default policy
  report_blob_id INTEGER NOT NULL REFERENCES blob (id), -- JSON, without timing
  saved_bytes    INTEGER NOT NULL, -- of flash
  record_digest  BLOB NOT NULL CHECK (length(record_digest) = 32) -- of this row and all that refers to it
) STRICT;

CREATE INDEX release_by_policy ON release (policy_blob_id) WHERE policy_blob_id IS NOT NULL;
CREATE INDEX release_by_report ON release (report_blob_id);

CREATE TABLE release_rom (
  release_id INTEGER NOT NULL REFERENCES release (id) DEFERRABLE INITIALLY DEFERRED,
  position   INTEGER NOT NULL CHECK (position >= 0), -- as the link named them
  rom_id     INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (release_id, position),
  UNIQUE (rom_id, release_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_input (
  release_id INTEGER NOT NULL REFERENCES release (id) DEFERRABLE INITIALLY DEFERRED,
  path       TEXT NOT NULL,
  digest     BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of its content, which is not archived
  PRIMARY KEY (release_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_argument (
  release_id INTEGER NOT NULL REFERENCES release (id) DEFERRABLE INITIALLY DEFERRED,
  position   INTEGER NOT NULL CHECK (position >= 0),
  text       TEXT NOT NULL,
  PRIMARY KEY (release_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_label (
  release_id INTEGER NOT NULL REFERENCES release (id) DEFERRABLE INITIALLY DEFERRED,
  key        TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (release_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_share (
  release_id INTEGER NOT NULL REFERENCES release (id) DEFERRABLE INITIALLY DEFERRED,
  address    INTEGER NOT NULL CHECK (address BETWEEN 0 AND 4294967295), -- in the ROM, without the Thumb bit
  name       TEXT NOT NULL, -- of the firmware's symbol
  PRIMARY KEY (release_id, address, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER body_set_no_update BEFORE UPDATE ON body_set
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;
CREATE TRIGGER body_set_no_delete BEFORE DELETE ON body_set
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;
CREATE TRIGGER body_set_no_replace BEFORE INSERT ON body_set
WHEN EXISTS (SELECT 1 FROM body_set WHERE rom_id = NEW.rom_id AND format_version = NEW.format_version)
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;

CREATE TRIGGER body_no_update BEFORE UPDATE ON body
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;
CREATE TRIGGER body_sealed BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body_set WHERE rom_id = NEW.rom_id AND format_version = NEW.format_version)
BEGIN SELECT RAISE(ABORT, 'archived bodies are permanent'); END;

CREATE TRIGGER advisory_no_update BEFORE UPDATE ON advisory
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;
CREATE TRIGGER advisory_no_delete BEFORE DELETE ON advisory
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;
CREATE TRIGGER advisory_no_replace BEFORE INSERT ON advisory
WHEN EXISTS (SELECT 1 FROM advisory WHERE id = NEW.id OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;

CREATE TRIGGER advisory_target_no_update BEFORE UPDATE ON advisory_target
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;
CREATE TRIGGER advisory_target_no_delete BEFORE DELETE ON advisory_target
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;
CREATE TRIGGER advisory_target_no_replace BEFORE INSERT ON advisory_target
WHEN EXISTS (SELECT 1 FROM advisory_target WHERE advisory_id = NEW.advisory_id
             AND (position = NEW.position
                  OR (rom_id = NEW.rom_id AND symbol = NEW.symbol AND address = NEW.address)))
BEGIN SELECT RAISE(ABORT, 'recorded advisories are permanent'); END;

CREATE TRIGGER release_no_update BEFORE UPDATE ON release
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_no_delete BEFORE DELETE ON release
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_no_replace BEFORE INSERT ON release
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.id OR release_hash = NEW.release_hash)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

CREATE TRIGGER release_rom_no_update BEFORE UPDATE ON release_rom
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_rom_no_delete BEFORE DELETE ON release_rom
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_rom_sealed BEFORE INSERT ON release_rom
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.release_id)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

CREATE TRIGGER release_input_no_update BEFORE UPDATE ON release_input
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_input_no_delete BEFORE DELETE ON release_input
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_input_sealed BEFORE INSERT ON release_input
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.release_id)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

CREATE TRIGGER release_argument_no_update BEFORE UPDATE ON release_argument
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_argument_no_delete BEFORE DELETE ON release_argument
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_argument_sealed BEFORE INSERT ON release_argument
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.release_id)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

CREATE TRIGGER release_label_no_update BEFORE UPDATE ON release_label
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_label_no_delete BEFORE DELETE ON release_label
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_label_sealed BEFORE INSERT ON release_label
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.release_id)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

CREATE TRIGGER release_share_no_update BEFORE UPDATE ON release_share
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_share_no_delete BEFORE DELETE ON release_share
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;
CREATE TRIGGER release_share_sealed BEFORE INSERT ON release_share
WHEN EXISTS (SELECT 1 FROM release WHERE id = NEW.release_id)
BEGIN SELECT RAISE(ABORT, 'archived releases are permanent'); END;

