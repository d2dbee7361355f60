"""Backups: whole files made while others publish, restored by the command line, read by plain sqlite3."""
import hashlib
import os
import pathlib
import re
import sqlite3
import subprocess
import threading

import pytest

from conftest import BIN, Cli, DEADLINE, ROOT, eventually, refused
from programs import ROM_BASE
from test_service import publish


@pytest.fixture
def boot(cli, programs):
    assert cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom).returncode == 0


def restore(folder, backup, into):
    return Cli(folder, "--archive", into)("archive", "restore", backup)


def test_backup_and_restore(cli, boot, programs, tmp_path):
    made = cli("archive", "backup", "roms.db")
    assert made.returncode == 0, made.stderr
    content = (cli.folder / "roms.db").read_bytes()
    assert made.stdout.splitlines()[-1] == "sha256:" + hashlib.sha256(content).hexdigest()
    assert sorted(os.listdir(cli.folder)) == ["roms.db"]
    restored = restore(cli.folder, "roms.db", "again")
    assert restored.returncode == 0, restored.stderr
    other = Cli(cli.folder, "--archive", "again")
    assert other("rom", "list").stdout == cli("rom", "list").stdout
    fetched = other("rom", "fetch", "boot@1.0", "--role", "elf", "--out", "out")
    assert fetched.returncode == 0, fetched.stderr
    assert (cli.folder / "out" / "rom.elf").read_bytes() == programs.rom.read_bytes()
    assert other("archive", "verify").returncode == 0


def test_plain_sqlite_reads_a_backup_from_read_only_media(cli, boot):
    assert cli("archive", "backup", "roms.db").returncode == 0
    (cli.folder / "roms.db").chmod(0o444)
    with sqlite3.connect(f"file:{cli.folder}/roms.db?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert database.execute("SELECT name, version FROM rom").fetchall() == [("boot", "1.0")]


def test_backups_under_load(daemon, cli, messages, programs, tmp_path):
    """Each has all that was acknowledged before it began, and is sound."""
    done = threading.Event()
    acknowledged = []

    def load():
        for number in range(len(programs.image)):  # volatile ranges make it another image
            if done.is_set():
                return
            publish(daemon, messages, ("elf", "rom.elf", programs.rom.read_bytes()), version=str(number),
                    volatile_ranges=[messages.archive.AddressRange(address=ROM_BASE, size=number + 1)])
            acknowledged.append(number)
    thread = threading.Thread(target=load)
    thread.start()
    try:
        for turn in range(3):
            eventually(lambda: len(acknowledged) > turn)
            before = len(acknowledged)
            made = cli("archive", "backup", f"{turn}.db")
            assert made.returncode == 0, made.stderr
            with sqlite3.connect(cli.folder / f"{turn}.db") as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert database.execute("SELECT count(*) FROM rom").fetchone()[0] >= before
            assert restore(cli.folder, f"{turn}.db", f"restored-{turn}").returncode == 0
    finally:
        done.set()
        thread.join(DEADLINE)


def test_an_interrupted_backup_leaves_the_old_one(cli, boot, programs):
    assert cli("archive", "backup", "roms.db").returncode == 0
    old = (cli.folder / "roms.db").read_bytes()
    assert cli("rom", "publish", "--name", "boot", "--version", "1.1", "--elf", programs.other_rom).returncode == 0
    limited = subprocess.run(["bash", "-c", f"ulimit -f 8; exec {BIN}/romlink {' '.join(cli.where)} archive backup roms.db"],
                             cwd=cli.folder, env=cli.env, capture_output=True, text=True, timeout=DEADLINE)
    assert limited.returncode != 0
    assert (cli.folder / "roms.db").read_bytes() == old


def test_a_damaged_archive_is_not_backed_up_unasked(daemon, cli, boot):
    database = daemon.archive / "archive.db"
    assert cli("archive", "backup", "good.db").returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER chunk_no_update")
        connection.execute("UPDATE chunk SET compressed = zeroblob(10) WHERE rowid = (SELECT min(rowid) FROM chunk)")
    good = (cli.folder / "good.db").read_bytes()
    refused(cli("archive", "backup", "good.db"), 3, "cannot back up the archive", "more problems")
    assert (cli.folder / "good.db").read_bytes() == good
    forced = cli("archive", "backup", "bad.db", "--damaged")
    assert forced.returncode == 3 and (cli.folder / "bad.db").exists()
    assert "boot@1.0 artifact" in forced.stderr
    refused(restore(cli.folder, "bad.db", "again"), 3, "cannot restore the archive", "bad.db")
    assert os.listdir(cli.folder / "again") == []


def test_restore_refuses_what_is_no_backup_and_what_is_there(cli, boot):
    (cli.folder / "text").write_text("not a database, but long enough to have a header of a hundred bytes" * 3)
    refused(restore(cli.folder, "text", "again"), 3, "text", "not an SQLite database")
    refused(restore(cli.folder, "nofile", "again"), 3, "nofile")
    assert cli("archive", "backup", "roms.db").returncode == 0
    assert restore(cli.folder, "roms.db", "again").returncode == 0
    refused(restore(cli.folder, "roms.db", "again"), 1, "there is an archive already")
    refused(cli("archive", "restore", "roms.db"), 2, "a folder has to be named")
    assert re.fullmatch(r"restored \S+ from \S+\n", restore(cli.folder, "roms.db", "third").stdout)
    assert pathlib.Path(cli.folder / "third" / "archive.db").exists()


def test_the_documented_commands_get_a_file_out(cli, programs):
    """docs/archive_format.md, "Getting a file out without romlink", as it stands there, on a backup."""
    assert cli("rom", "publish", "--name", "bl2", "--version", "1.0", "--elf", programs.rom).returncode == 0
    assert cli("archive", "backup", "archive.db").returncode == 0
    page = (ROOT / "docs" / "archive_format.md").read_text()
    blocks = page[page.index("## Getting a file out without romlink"):].split("\n\n")
    listing, elf = [block for block in blocks if block.startswith("    ")][:2]
    run = lambda script: subprocess.run(["sh", "-ec", script], cwd=cli.folder, check=True, capture_output=True, text=True)
    assert digest_of(programs.rom) in run(listing).stdout
    assert digest_of(programs.rom) in run(elf).stdout
    assert (cli.folder / "bl2.elf").read_bytes() == programs.rom.read_bytes()


def digest_of(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()
