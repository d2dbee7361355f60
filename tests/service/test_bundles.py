"""Bundles: ROMs that leave one archive and come into another, whole, verified, from somebody who is trusted."""
import base64
import hashlib
import json
import shutil
import sqlite3

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
    refused(headquarters("archive", "import", "boot.bundle"), 70, "larger than the service accepts")
    small = other("[uploads]\npublish_limit_mib = 1\n")
    (headquarters.folder / "large").write_bytes(bytes(2 << 20))
    refused(small("archive", "import", "large"), 70, "larger than the service accepts")


def test_what_is_no_bundle_is_refused(headquarters, site, programs):
    shutil.copy(programs.rom, site.folder / "rom.elf")
    refused(site("archive", "import", "rom.elf"), 3, "not an SQLite database")
    with sqlite3.connect(site.folder / "other.db") as other:
        other.execute("CREATE TABLE rom (id)")
    refused(site("archive", "import", "other.db"), 3, "it is no archive")
    (site.folder / "empty").write_bytes(b"")
    refused(site("archive", "import", "empty"), 3, "it is no archive")
    refused(site("archive", "import", "nofile"), 3, "nofile")
    assert headquarters("archive", "export", "boot@1.0", "--out", "boot.bundle").returncode == 0
    content = (headquarters.folder / "boot.bundle").read_bytes()
    (headquarters.folder / "half").write_bytes(content[:len(content) // 2])
    assert site("archive", "import", "half").returncode == 3
    refused(headquarters("archive", "export", "boot@7", "--out", "none.bundle"), 4, "boot@7")
    assert not (headquarters.folder / "none.bundle").exists()
