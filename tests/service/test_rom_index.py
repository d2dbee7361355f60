"""The ROM's index: made at publishing, made again where the archive has none of the format that this build reads."""
import hashlib
import json
import sqlite3

import pytest

from conftest import ROOT, Cli, refused

OTHER_FORMAT = 9999


@pytest.fixture
def archive(start_daemon, tmp_path, programs):
    """A folder with boot@1.0 in it and no daemon; commands start one on demand."""
    running = start_daemon()
    work = tmp_path / "work"
    work.mkdir()
    cli = Cli(work, "--server", running.address)
    result = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom)
    assert result.returncode == 0, result.stderr
    running.stop()
    return running.archive / "archive.db"


@pytest.fixture
def restart(start_daemon, archive):
    """restart(): a command line of a new daemon on that archive."""
    return lambda: Cli(archive.parent.parent / "work", "--server", start_daemon().address)


def change(database, statement, *values):
    """Changes the archive behind its triggers' back."""
    with sqlite3.connect(database) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement, values)
        for _, sql in triggers:
            db.execute(sql)
    db.close()


def forget_log(database):
    """Makes it an archive of schema version 3, which had no log: the next daemon makes one of what is there."""
    old = sqlite3.connect(":memory:")
    for file in sorted((ROOT / "store" / "schema").glob("00[123]_*.sql")):
        old.executescript(file.read_text())
    known = [name for name, in old.execute("SELECT name FROM sqlite_schema")]
    with sqlite3.connect(database) as db:
        for kind in ("trigger", "index", "table"):
            for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL", [kind]).fetchall():
                if name not in known:
                    db.execute(f"DROP {kind} IF EXISTS {name}")
        db.execute("PRAGMA user_version = 3")
    db.close()


def rows(database, query):
    db = sqlite3.connect(database)
    found = db.execute(query).fetchall()
    db.close()
    return found


def formats(database):
    return [row[0] for row in rows(database, "SELECT format_version FROM rom_index ORDER BY 1")]


def make_old(database):
    """Leaves an index of another format only, as docs/archive_format.md describes its row."""
    image, functions, references, size, digest = rows(
        database, "SELECT lower(hex(image_hash)), rom_index.function_count, reference_count, size, lower(hex(digest))"
                  " FROM rom_index JOIN rom ON rom.id = rom_id JOIN blob ON blob.id = blob_id")[0]
    fields = ["romlink-rom-index-1", image, OTHER_FORMAT, functions, references, size, digest]
    record = hashlib.sha256("".join(f"{len(str(f))}:{f}," for f in fields).encode()).digest()
    change(database, "UPDATE rom_index SET format_version = ?, record_digest = ?", OTHER_FORMAT, record)
    forget_log(database)


def test_publishing_archives_the_index(archive, restart, programs):
    current = formats(archive)
    assert len(current) == 1
    cli = restart()
    shown = cli("rom", "show", "boot@1.0").stdout
    line = next(line for line in shown.splitlines() if line.startswith("index"))
    description = json.loads(cli("rom", "show", "boot@1.0", "--json").stdout)["index"]
    assert description["formatVersion"] == current[0] and description["functions"] == 3, "reset, add, mul"
    assert description["references"] >= 5
    for number in (description["formatVersion"], description["functions"], description["references"]):
        assert str(number) in line
    assert cli("link", "--rom", "boot@1.0", "--", *programs.arguments()).returncode == 0
    assert formats(archive) == current


@pytest.mark.parametrize("before", ["no index", "an index of another format"])
def test_a_link_makes_the_index_that_is_missing(archive, restart, programs, before):
    current = formats(archive)
    first = restart()
    assert first("link", "--rom", "boot@1.0", "--", *programs.arguments("first.elf")).returncode == 0
    if before == "no index":
        change(archive, "DELETE FROM rom_index")
        forget_log(archive)
    else:
        make_old(archive)
    kept = formats(archive)
    cli = restart()
    linked = cli("link", "--rom", "boot@1.0", "--", *programs.arguments("second.elf"))
    assert linked.returncode == 0, linked.stderr
    assert formats(archive) == sorted(current + kept)
    assert (cli.folder / "second.elf").read_bytes() == (cli.folder / "first.elf").read_bytes()
    verified = cli("archive", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    checked = cli("check", "second.elf", "--rom", "boot@1.0")
    assert checked.returncode == 0, checked.stderr


def test_two_links_at_once_make_it_together(archive, restart, programs):
    current = formats(archive)
    make_old(archive)
    cli = restart()
    links = [cli.start("link", "--rom", "boot@1.0", "--", *programs.arguments(f"{i}.elf")) for i in range(4)]
    for link in links:
        out, err = link.communicate(timeout=60)
        assert link.returncode == 0, out + err
    assert formats(archive) == sorted(current + [OTHER_FORMAT])
    assert cli("archive", "verify").returncode == 0


def test_verify_names_a_damaged_index(archive, restart, programs):
    blob = "(SELECT blob_id FROM rom_index)"
    change(archive, f"UPDATE chunk SET compressed = (SELECT compressed FROM chunk WHERE blob_id <> {blob} LIMIT 1)"
                    f" WHERE blob_id = {blob}")
    cli = restart()
    verified = cli("archive", "verify")
    assert verified.returncode != 0
    assert f"boot@1.0 index of format {formats(archive)[0]}" in verified.stdout + verified.stderr
    refused(cli("link", "--rom", "boot@1.0", "--", *programs.arguments()), 3, "sha256:")


def test_the_index_of_another_rom_is_refused(archive, restart, programs):
    cli = restart()
    published = cli("rom", "publish", "--name", "boot", "--version", "2.0", "--elf", programs.other_rom)
    assert published.returncode == 0, published.stderr
    change(archive, "UPDATE rom_index SET blob_id = (SELECT blob_id FROM rom_index ORDER BY rom_id DESC LIMIT 1)")
    refused(cli("link", "--rom", "boot@1.0", "--", *programs.arguments()), 3, "rom.index", "another ROM")
