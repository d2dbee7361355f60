"""Bundles: ROMs that leave one archive and come into another, whole, verified, from somebody who is trusted."""
import base64
import hashlib
import json
import shutil
import sqlite3
import struct

import pytest
from cryptography.hazmat.primitives import serialization

from conftest import Cli, Daemon, refused


def verifier_key(archive, name="headquarters"):
    """The archive's public key as a verifier key (https://c2sp.org/signed-note), from its key file."""
    private = serialization.load_pem_private_key((archive / "signing-key.pem").read_bytes(), None)
    raw = b"\x01" + private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(raw).decode()}"


@pytest.fixture
def headquarters(daemon, cli, programs):
    """An archive with two ROMs, of which one has an advisory."""
    for version, elf in (("1.0", programs.rom), ("1.1", programs.other_rom)):
        published = cli("rom", "publish", "--name", "boot", "--version", version, "--elf", elf, "--label", "lot=7",
                        "--volatile", "0x10000000:4", "--attach", f"map={programs.rom_script}")
        assert published.returncode == 0, published.stderr
    assert cli("advisory", "add", "--id", "CVE-2035-1", "--rom", "boot@1.0", "--symbol", "mul", "--summary",
               "wrong").returncode == 0
    return cli


@pytest.fixture
def site(tmp_path):
    """Another archive."""
    return Cli(tmp_path / "work", "--archive", tmp_path / "site")


@pytest.fixture
def other(tmp_path):
    """other(toml): a client of another daemon with this configuration, on an archive of its own."""
    running = []

    def start(toml):
        folder = tmp_path / "other"
        folder.mkdir()
        (folder / "romlinkd.toml").write_text(toml)
        running.append(Daemon(folder, "--config", folder / "romlinkd.toml"))
        return Cli(tmp_path / "work", "--server", running[-1].address)
    yield start
    for daemon in running:
        daemon.stop()


def records(cli):
    return json.loads(cli("--json", "rom", "list").stdout)["roms"]


def test_roms_come_over_whole(daemon, headquarters, site, programs):
    exported = headquarters("archive", "export", "boot@1.0", "boot@1.1", "boot@1.0", "--out", "boot.bundle")
    assert exported.returncode == 0, exported.stderr
    content = (headquarters.folder / "boot.bundle").read_bytes()
    assert exported.stdout.splitlines()[-1] == "sha256:" + hashlib.sha256(content).hexdigest()
    imported = site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive))
    assert imported.returncode == 0, imported.stderr
    assert imported.stdout.count("imported ") == 2 and "1 new advisory" in imported.stdout
    theirs, ours = records(headquarters), records(site)
    assert ours == theirs  # name, labels, ranges, notes, time of publication, digests: the record as it was
    for role, original in (("elf", programs.rom), ("map", programs.rom_script)):
        assert site("rom", "fetch", "boot@1.0", "--role", role, "--out", "out").returncode == 0
        assert (site.folder / "out" / original.name).read_bytes() == original.read_bytes()
    assert site("archive", "verify").returncode == 0
    assert "CVE-2035-1" in site("advisory", "list").stdout
    linked = site("link", "--rom", "boot@1.1", "--", *programs.arguments())
    assert linked.returncode == 0, linked.stderr
    again = site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive))
    assert again.returncode == 0 and again.stdout.count("already there") == 2, again.stderr
    assert "advisor" not in again.stdout and records(site) == theirs


def test_only_the_chosen_roms_come_over(daemon, headquarters, site):
    assert headquarters("archive", "export", "boot@1.1", "--out", "one.bundle").returncode == 0
    with sqlite3.connect(headquarters.folder / "one.bundle") as bundle:  # readable without romlink
        assert bundle.execute("SELECT version FROM rom").fetchall() == [("1.1",)]
        assert bundle.execute("SELECT count(*) FROM advisory").fetchone() == (0,)
    (site.folder / "hq.key").write_text(verifier_key(daemon.archive) + "\n")
    assert site("archive", "import", "one.bundle", "--trust", "hq.key").returncode == 0
    assert [rom["version"] for rom in records(site)] == ["1.1"]


def test_an_unknown_signer_is_refused(daemon, headquarters, site, tmp_path):
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    refused(site("archive", "import", "boot.bundle"), 1, "signed by an unknown key")
    stranger = Cli(tmp_path / "work", "--archive", tmp_path / "stranger")
    assert stranger("rom", "list").returncode == 0
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(tmp_path / "stranger")), 1, "unknown key")
    refused(site("archive", "import", "boot.bundle", "--trust", "no key"), 3, "no key")
    (site.folder / "empty.key").write_bytes(b"")
    refused(site("archive", "import", "boot.bundle", "--trust", "empty.key"), 3, "empty.key")
    assert site("rom", "list", "--quiet").stdout == ""
    assert headquarters("archive", "import", "boot.bundle").returncode == 0  # its own


def test_a_trusted_key_may_stand_in_the_configuration(daemon, headquarters, other):
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    trusting = other(f'[import]\ntrusted_keys = ["{verifier_key(daemon.archive)}"]\n')
    assert trusting("archive", "import", "boot.bundle").returncode == 0


def test_a_contradiction_imports_nothing(daemon, headquarters, site, programs):
    assert headquarters("archive", "export", "boot@1.0", "boot@1.1", "--out", "boot.bundle").returncode == 0
    assert site("rom", "publish", "--name", "boot", "--version", "1.1", "--elf", programs.rom).returncode == 0
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive)), 1, "boot@1.1", "another ROM")
    assert len(records(site)) == 1


def altered(file, *statements):
    with sqlite3.connect(file) as bundle:
        for statement in statements:
            bundle.execute(statement)


@pytest.mark.parametrize("name, statements, words", [
    ("view", ["CREATE VIEW later AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"],
     ("view later is not romlink's",)),
    ("trigger", ["CREATE TRIGGER evil AFTER INSERT ON rom BEGIN SELECT 1; END"], ("trigger evil is not romlink's",)),
    ("rom as a view", ["PRAGMA legacy_alter_table = ON", "ALTER TABLE rom RENAME TO rom_"], ("missing or altered",)),
    ("trigger gone", ["DROP TRIGGER chunk_no_update"], ("trigger chunk_no_update is missing",)),
])
def test_a_foreign_schema_is_not_read(daemon, headquarters, site, name, statements, words):
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    altered(headquarters.folder / "boot.bundle", *statements)
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive)), 3, *words)


def without_triggers(file, *statements):
    """Alters rows as somebody could who takes the triggers away and puts them back."""
    with sqlite3.connect(file) as bundle:
        triggers = bundle.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for trigger, _ in triggers:
            bundle.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            bundle.execute(statement)
        for _, sql in triggers:
            bundle.execute(sql)


@pytest.mark.parametrize("statement, words", [
    ("UPDATE chunk SET compressed = x'28b52ffd00' WHERE position = 0 AND blob_id = 1", ("boot@1.0",)),
    ("UPDATE rom SET entry = entry + 2", ("boot@1.0",)),
    ("UPDATE artifact SET file_name = '../../etc/passwd' WHERE role = 'map'", ("boot@1.0",)),
    ("UPDATE label SET value = '8'", ("boot@1.0",)),
    ("DELETE FROM advisory_target", ("advisory",)),
])
def test_an_altered_bundle_is_refused(daemon, headquarters, site, statement, words):
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    without_triggers(headquarters.folder / "boot.bundle", statement)
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive)), 3, "cannot import", *words)
    assert site("rom", "list", "--quiet").stdout == ""


def test_what_would_unpack_to_too_much_is_refused(headquarters, other):
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    without_triggers(headquarters.folder / "boot.bundle", "UPDATE blob SET size = 1 << 50 WHERE id = 1")
    refused(headquarters("archive", "import", "boot.bundle"), 1, "larger than the service accepts")
    small = other("[uploads]\npublish_limit_mib = 1\n")
    (headquarters.folder / "large").write_bytes(bytes(2 << 20))
    refused(small("archive", "import", "large"), 1, "larger than the service accepts")


def test_what_is_no_bundle_is_refused(headquarters, site, programs):
    shutil.copy(programs.rom, site.folder / "rom.elf")
    refused(site("archive", "import", "rom.elf"), 3, "not an SQLite database")
    with sqlite3.connect(site.folder / "other.db") as other:
        other.execute("CREATE TABLE rom (id)")
    refused(site("archive", "import", "other.db"), 3, "it is no archive")
    (site.folder / "empty").write_bytes(b"")
    refused(site("archive", "import", "empty"), 3, "empty")
    refused(site("archive", "import", "nofile"), 3, "nofile")
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    content = (headquarters.folder / "boot.bundle").read_bytes()
    (headquarters.folder / "half").write_bytes(content[:len(content) // 2])
    refused(site("archive", "import", "half"), 3, "half")
    refused(headquarters("archive", "export", "boot@7", "--out", "none.bundle"), 4, "boot@7")
    assert not (headquarters.folder / "none.bundle").exists()


def test_an_older_bundle_takes_no_withdrawal_back(daemon, headquarters, site):
    key = verifier_key(daemon.archive)
    for links, name in (("warn", "one"), ("refuse", "two")):
        assert headquarters("rom", "withdraw", "boot@1.0", "--links", links, "--reason", name).returncode == 0
        assert headquarters("archive", "export", "boot@1.0", "--out", f"{name}.bundle").returncode == 0
    for name in ("two", "one", "two"):
        assert site("archive", "import", f"{name}.bundle", "--trust", key).returncode == 0
    [rom] = records(site)
    assert (rom["withdrawal"]["links"], rom["withdrawal"]["reason"]) == ("REFUSE", "two")
    assert site("rom", "withdraw", "boot@1.0", "--links", "allow", "--reason", "here").returncode == 0
    assert site("archive", "import", "two.bundle", "--trust", key).returncode == 0
    assert records(site)[0]["withdrawal"]["links"] == "ALLOW", "what was decided here stays"


def test_a_bundle_that_is_cut_off_is_refused(daemon, headquarters, site):
    """Each earlier head would be signed, too: there is one."""
    assert headquarters("rom", "withdraw", "boot@1.0", "--reason", "broken").returncode == 0
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    with sqlite3.connect(headquarters.folder / "boot.bundle") as bundle:
        assert bundle.execute("SELECT size FROM signed_head").fetchall() == [(0,), (4,)], "ROM, advisory, target, withdrawal"
    for statements, words in (
            (("DELETE FROM withdrawal", "DELETE FROM log_entry WHERE kind = 'withdrawal'"), "cannot import"),
            (("DELETE FROM signed_head WHERE size > 0",), "not signed as a whole"),
            (("INSERT INTO signed_head SELECT 1, root, key_id, signature FROM signed_head WHERE size > 0",),
             "not signed as a whole")):
        shutil.copy(headquarters.folder / "boot.bundle", site.folder / "cut.bundle")
        without_triggers(site.folder / "cut.bundle", *statements)
        refused(site("archive", "import", "cut.bundle", "--trust", verifier_key(daemon.archive)), 3, words)
    assert site("rom", "list", "--quiet").stdout == ""


def test_pages_that_lead_to_each_other_end(daemon, headquarters, site):
    """A b-tree of 300 ways to each next page, seven times: nobody reads it to its end."""
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    file = headquarters.folder / "boot.bundle"
    with sqlite3.connect(file) as bundle:
        [[root]] = bundle.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'rom'")
        [[size]] = bundle.execute("PRAGMA page_size")
    content = bytearray(file.read_bytes())
    last = len(content) // size

    def interior(child, cells=300):
        page = bytearray(size)
        page[:12] = struct.pack(">BHHHBI", 5, 0, cells, size - 6 * cells, 0, child)
        for i in range(cells):
            struct.pack_into(">H", page, 12 + 2 * i, size - 6 * (i + 1))
            struct.pack_into(">IBB", page, size - 6 * (i + 1), child, 0x81 + i // 128, i % 128)
        return page
    content[(root - 1) * size:root * size] = interior(last + 1)
    for level in range(1, 7):
        content += interior(last + level + 1)
    content += struct.pack(">BHHHB", 13, 0, 0, 0, 0) + bytes(size - 8)
    struct.pack_into(">I", content, 28, len(content) // size)
    file.write_bytes(content)
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive)), 3, "cannot import")
    refused(site("archive", "restore", "boot.bundle"), 1, "there is an archive")
    fresh = Cli(site.folder, "--archive", site.folder / "fresh")
    refused(fresh("archive", "restore", "boot.bundle"), 3, "boot.bundle")


def record_digest(fields):
    """docs/archive_format.md, "The record digest"."""
    form = b"".join(b"%d:%s," % (len(field), field) for field in (str(field).encode() for field in fields))
    return hashlib.sha256(form).digest()


def rewrite_rom(file, version, **columns):
    """Gives the ROM's record other values, and the digest of those: as one who has the archive could."""
    names = ["image_hash", "name", "version", "build_id", "image_size", "entry", "architecture", "function_count",
             "object_count", "published_at"]
    with sqlite3.connect(file) as database:
        [row] = database.execute(f"SELECT {', '.join(names)}, id FROM rom WHERE version = ?", (version,))
        values, rom = {**dict(zip(names, row)), **columns}, row[-1]
        fields = ["romlink-rom-1", values["image_hash"].hex(), *[values[name] for name in names[1:]]]
        for kind in ("flash", "volatile", "shared_ram"):
            ranges = database.execute("SELECT address, size FROM address_range WHERE rom_id = ? AND kind = ?"
                                      " ORDER BY position", (rom, kind)).fetchall()
            fields += [len(ranges), *[number for one in ranges for number in one]]
        for query in ("SELECT name FROM shared_symbol WHERE rom_id = ? ORDER BY name",
                      "SELECT key, value FROM label WHERE rom_id = ? ORDER BY key",
                      "SELECT text FROM note WHERE rom_id = ? ORDER BY position",
                      "SELECT role, file_name, size, lower(hex(digest)) FROM artifact JOIN blob ON blob.id = blob_id"
                      " WHERE rom_id = ? ORDER BY role"):
            rows = database.execute(query, (rom,)).fetchall()
            fields += [len(rows), *[field for one in rows for field in one]]
    database.close()
    changes = {**columns, "record_digest": record_digest(fields)}
    literals = [f"{name} = " + (f"x'{value.hex()}'" if isinstance(value, bytes) else
                                str(value) if isinstance(value, int) else f"CAST(x'{value.encode().hex()}' AS TEXT)")
                for name, value in changes.items()]
    without_triggers(file, f"UPDATE rom SET {', '.join(literals)} WHERE id = {rom}")


@pytest.mark.parametrize("columns, words", [
    ({"image_hash": b"7" * 32}, "the image is not the ELF's"),
    ({"image_size": 4_000_000_000}, "not that of its ELF"),
    ({"entry": 4}, "not that of its ELF"),
    ({"build_id": "deadbeef"}, "not that of its ELF"),
])
def test_a_record_that_is_not_its_elfs_imports_nothing(daemon, headquarters, site, columns, words):
    rewrite_rom(daemon.archive / "archive.db", "1.1", **columns)
    exported = headquarters("archive", "export", "boot@1.0", "boot@1.1", "--out", "boot.bundle")
    assert exported.returncode == 0, exported.stderr
    refused(site("archive", "import", "boot.bundle", "--trust", verifier_key(daemon.archive)), 3, "boot@1.1", words)
    assert site("rom", "list", "--quiet").stdout == "", "boot@1.0 neither"


def test_what_nobody_could_have_recorded_is_not_exported(daemon, headquarters):
    rewrite_rom(daemon.archive / "archive.db", "1.1", published_at="2099\n\x1b[31mX")
    refused(headquarters("archive", "export", "boot@1.1", "--out", "boot.bundle"), 3, "the time of its publication is none")
    without_triggers(daemon.archive / "archive.db", "UPDATE label SET value = 'forged'")
    refused(headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle"), 3, "boot@1.0", "does not match its digest")
    assert not (headquarters.folder / "boot.bundle").exists()
