-- Version 5 of the archive: sketches of flash images, by which a ROM is found in a dump.
--
-- A sketch is derived from the archived image, as an index is from the ELF, so it is no part of its set: rows may be added
-- when the set is long sealed, one for each format. None is ever changed or removed. Losing one loses nothing.

PRAGMA user_version = 5;

CREATE TABLE rom_sketch (
  rom_id         INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  format_version INTEGER NOT NULL CHECK (format_version > 0), -- of the sketch
  anchors        BLOB NOT NULL CHECK (length(anchors) % 12 = 0), -- each: offset (4 bytes), hash (8 bytes), little-endian
  blocks         BLOB NOT NULL CHECK (length(blocks) % 4 = 0),   -- each: hash (4 bytes), little-endian
  record_digest  BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row and the ROM
  PRIMARY KEY (rom_id, format_version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER rom_sketch_logged AFTER INSERT ON rom_sketch
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'rom_sketch', NEW.record_digest FROM log_entry; END;

CREATE TRIGGER rom_sketch_no_update BEFORE UPDATE ON rom_sketch
BEGIN SELECT RAISE(ABORT, 'archived sketches are permanent'); END;
CREATE TRIGGER rom_sketch_no_delete BEFORE DELETE ON rom_sketch
BEGIN SELECT RAISE(ABORT, 'archived sketches are permanent'); END;
CREATE TRIGGER rom_sketch_no_replace BEFORE INSERT ON rom_sketch
WHEN EXISTS (SELECT 1 FROM rom_sketch WHERE rom_id = NEW.rom_id AND format_version = NEW.format_version)
BEGIN SELECT RAISE(ABORT, 'archived sketches are permanent'); END;
