-- Version 4 of the archive: withdrawn ROMs, and the log: one entry for every record, in the order of their coming, as the
-- leaves of a Merkle tree (RFC 9162) whose root is signed with every transaction. docs/archive_format.md explains it.
--
-- Whatever inserts a record, through romlink or not, a trigger appends its entry. Inner nodes and signed heads need
-- SHA-256 and a key: romlink adds them at the end of each transaction.

PRAGMA user_version = 4;

CREATE TABLE withdrawal (
  rom_id        INTEGER NOT NULL REFERENCES rom (id) DEFERRABLE INITIALLY DEFERRED,
  position      INTEGER NOT NULL CHECK (position >= 0), -- 0, 1, 2, ... without gaps; the last one counts
  links         TEXT NOT NULL CHECK (links IN ('refuse', 'warn', 'allow')), -- new links; 'allow': withdrawn no more
  reason        TEXT NOT NULL CHECK (reason <> ''),
  withdrawn_at  TEXT NOT NULL, -- RFC 3339, UTC
  record_digest BLOB NOT NULL CHECK (length(record_digest) = 32), -- of this row and the ROM
  PRIMARY KEY (rom_id, position)
) STRICT, WITHOUT ROWID;

-- Which archive this is, whatever its folder is called: the name in its signed heads.
CREATE TABLE archive_identity (
  id       INTEGER PRIMARY KEY CHECK (id = 1), -- one row
  identity BLOB NOT NULL CHECK (length(identity) = 16) -- random
) STRICT;

CREATE TABLE log_entry (
  position      INTEGER PRIMARY KEY CHECK (position >= 0), -- 0, 1, 2, ... without gaps
  kind          TEXT NOT NULL CHECK (kind <> ''), -- the record's table
  record_digest BLOB NOT NULL CHECK (length(record_digest) = 32)
) STRICT;

-- The hash of the leaves position * 2^level to (position + 1) * 2^level - 1, when all of them are there.
CREATE TABLE log_node (
  level    INTEGER NOT NULL CHECK (level BETWEEN 1 AND 62),
  position INTEGER NOT NULL CHECK (position >= 0),
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_key (
  id         INTEGER PRIMARY KEY CHECK (id > 0), -- 1, 2, ... in the order of their first use
  public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32) -- Ed25519
) STRICT;

-- The log's state at the end of each transaction.
CREATE TABLE signed_head (
  size      INTEGER PRIMARY KEY CHECK (size >= 0), -- entries
  root      BLOB NOT NULL CHECK (length(root) = 32),
  key_id    INTEGER NOT NULL REFERENCES signing_key (id),
  signature BLOB NOT NULL CHECK (length(signature) = 64) -- of the note's text
) STRICT;

INSERT INTO archive_identity VALUES (1, randomblob(16));

INSERT INTO log_entry (position, kind, record_digest)
SELECT row_number() OVER (ORDER BY place, first, second) - 1, kind, record_digest FROM (
  SELECT 1 AS place, id AS first, 0 AS second, 'rom' AS kind, record_digest FROM rom
  UNION ALL SELECT 2, rom_id, format_version, 'rom_index', record_digest FROM rom_index
  UNION ALL SELECT 3, rom_id, format_version, 'body_set', record_digest FROM body_set
  UNION ALL SELECT 4, id, 0, 'advisory', record_digest FROM advisory
  UNION ALL SELECT 5, advisory_id, position, 'advisory_target', record_digest FROM advisory_target
  UNION ALL SELECT 6, id, 0, 'release', record_digest FROM release);

CREATE TRIGGER rom_logged AFTER INSERT ON rom
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'rom', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER rom_index_logged AFTER INSERT ON rom_index
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'rom_index', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER body_set_logged AFTER INSERT ON body_set
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'body_set', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER advisory_logged AFTER INSERT ON advisory
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'advisory', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER advisory_target_logged AFTER INSERT ON advisory_target
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'advisory_target', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER release_logged AFTER INSERT ON release
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'release', NEW.record_digest FROM log_entry; END;
CREATE TRIGGER withdrawal_logged AFTER INSERT ON withdrawal
BEGIN INSERT INTO log_entry SELECT coalesce(max(position) + 1, 0), 'withdrawal', NEW.record_digest FROM log_entry; END;

CREATE TRIGGER withdrawal_no_update BEFORE UPDATE ON withdrawal
BEGIN SELECT RAISE(ABORT, 'recorded withdrawals are permanent'); END;
CREATE TRIGGER withdrawal_no_delete BEFORE DELETE ON withdrawal
BEGIN SELECT RAISE(ABORT, 'recorded withdrawals are permanent'); END;
CREATE TRIGGER withdrawal_in_order BEFORE INSERT ON withdrawal
WHEN NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM withdrawal WHERE rom_id = NEW.rom_id)
BEGIN SELECT RAISE(ABORT, 'recorded withdrawals are permanent'); END;

CREATE TRIGGER archive_identity_no_update BEFORE UPDATE ON archive_identity
BEGIN SELECT RAISE(ABORT, 'the archive''s identity is permanent'); END;
CREATE TRIGGER archive_identity_no_delete BEFORE DELETE ON archive_identity
BEGIN SELECT RAISE(ABORT, 'the archive''s identity is permanent'); END;
CREATE TRIGGER archive_identity_no_replace BEFORE INSERT ON archive_identity
BEGIN SELECT RAISE(ABORT, 'the archive''s identity is permanent'); END;

CREATE TRIGGER log_entry_no_update BEFORE UPDATE ON log_entry
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;
CREATE TRIGGER log_entry_no_delete BEFORE DELETE ON log_entry
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;
CREATE TRIGGER log_entry_in_order BEFORE INSERT ON log_entry
WHEN NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM log_entry)
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;

CREATE TRIGGER log_node_no_update BEFORE UPDATE ON log_node
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;
CREATE TRIGGER log_node_no_delete BEFORE DELETE ON log_node
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;
CREATE TRIGGER log_node_no_replace BEFORE INSERT ON log_node
WHEN EXISTS (SELECT 1 FROM log_node WHERE level = NEW.level AND position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'the archive''s log is permanent'); END;

CREATE TRIGGER signing_key_no_update BEFORE UPDATE ON signing_key
BEGIN SELECT RAISE(ABORT, 'signing keys are permanent'); END;
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key
BEGIN SELECT RAISE(ABORT, 'signing keys are permanent'); END;
CREATE TRIGGER signing_key_no_replace BEFORE INSERT ON signing_key
WHEN NEW.id <> (SELECT coalesce(max(id) + 1, 1) FROM signing_key)
     OR EXISTS (SELECT 1 FROM signing_key WHERE public_key = NEW.public_key)
BEGIN SELECT RAISE(ABORT, 'signing keys are permanent'); END;

CREATE TRIGGER signed_head_no_update BEFORE UPDATE ON signed_head
BEGIN SELECT RAISE(ABORT, 'signed heads are permanent'); END;
CREATE TRIGGER signed_head_no_delete BEFORE DELETE ON signed_head
BEGIN SELECT RAISE(ABORT, 'signed heads are permanent'); END;
CREATE TRIGGER signed_head_in_order BEFORE INSERT ON signed_head
WHEN NEW.size <= (SELECT max(size) FROM signed_head)
BEGIN SELECT RAISE(ABORT, 'signed heads are permanent'); END;
