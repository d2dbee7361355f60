-- Version 2 of the archive: the ROM indexes that links read instead of a ROM's ELF.
--
-- An index is derived from artifacts of a published set, so it is no part of that set: rows may be added when the set is
-- long sealed, one for each format. None is ever changed or removed.

PRAGMA user_version = 2;

CREATE TABLE rom_index (
  rom_id          INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  format_version  INTEGER NOT NULL CHECK (format_version > 0), -- of the index, not of the archive
  function_count  INTEGER NOT NULL,
  reference_count INTEGER NOT NULL,
  blob_id         INTEGER NOT NULL REFERENCES blob (id),
  record_digest   BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row, the ROM and the blob
  PRIMARY KEY (rom_id, format_version)
) STRICT, WITHOUT ROWID;

CREATE INDEX rom_index_by_blob ON rom_index (blob_id);

CREATE TRIGGER rom_index_no_update BEFORE UPDATE ON rom_index
BEGIN SELECT RAISE(ABORT, 'archived ROM indexes are permanent'); END;
CREATE TRIGGER rom_index_no_delete BEFORE DELETE ON rom_index
BEGIN SELECT RAISE(ABORT, 'archived ROM indexes are permanent'); END;
CREATE TRIGGER rom_index_no_replace BEFORE INSERT ON rom_index
WHEN EXISTS (SELECT 1 FROM rom_index WHERE rom_id = NEW.rom_id AND format_version = NEW.format_version)
BEGIN SELECT RAISE(ABORT, 'archived ROM indexes are permanent'); END;
