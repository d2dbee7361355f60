"""The archive's signed head: written down, and compared later with an archive that somebody changed."""
import base64
import json
import shutil
import sqlite3
import stat
import subprocess

import grpc
import pytest

from conftest import BIN, ROOT, Cli, refused

CHECK_HEAD = ROOT / "scripts" / "check-head"


class Archive:
    """A folder, and what people do to it."""

    def __init__(self, folder, programs):
        self.folder = folder / "roms"
        self.programs = programs
        self.work = folder
        self.cli = Cli(folder, "--archive", self.folder, env={"ROMLINK_IDLE": "0"})

    def serve(self, start_daemon):
        """From now on by this daemon, and not by those that commands start."""
        daemon = start_daemon()
        self.folder = daemon.archive
        self.cli = Cli(self.work, "--server", daemon.address)
        return daemon

    def publish(self, version, label):
        """The same ROM may be published once; its image is another with each volatile range."""
        done = self.cli("rom", "publish", "--name", "boot", "--version", version, "--elf", self.programs.rom,
                        "--volatile", f"0x{0x10000000 + int(version):x}:1", "--label", f"note={label}")
        assert done.returncode == 0, done.stderr

    def head(self, name):
        printed = self.cli("archive", "head")
        assert printed.returncode == 0, printed.stderr
        (self.work / name).write_text(printed.stdout)
        return printed.stdout

    def verify(self, *options):
        return self.cli("archive", "verify", *options)

    def sql(self, script):
        """As somebody who does not care for triggers."""
        database = sqlite3.connect(self.folder / "archive.db")
        triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        database.executescript(script)
        for _, sql in triggers:
            database.execute(sql)
        database.commit()
        database.close()


@pytest.fixture
def archive(tmp_path, programs):
    return Archive(tmp_path, programs)


def test_a_head_is_printed_and_fits(archive):
    archive.publish("1", "a")
    note = archive.head("head.txt")
    origin, size, root, empty, signature = note.splitlines()
    assert origin.startswith("romlink-archive/") and int(size) == 4 and len(root) == 44 and not empty
    assert signature.startswith(f"— {origin} ")
    head = json.loads(archive.cli("archive", "head", "--json").stdout)
    assert head["note"] == note and head["origin"] == origin and head["size"] == size
    key = archive.cli("archive", "head", "--public-key").stdout.strip()
    assert key == head["publicKey"] and key.startswith(origin + "+")
    archive.publish("2", "b")
    fits = archive.verify("--head", "head.txt", "--public-key", key)
    assert fits.returncode == 0 and "head" in fits.stdout.splitlines()[-1] and not fits.stderr, fits.stderr
    assert archive.verify("--public-key", key).returncode == 0
    assert stat.S_IMODE((archive.folder / "signing-key.pem").stat().st_mode) == 0o600


def test_plain_python_checks_it_too(archive):
    for version in ("1", "2", "3"):
        archive.publish(version, "a")
    archive.head("head.txt")
    key = archive.cli("archive", "head", "--public-key").stdout.strip()
    archive.publish("4", "a")

    def check(*arguments):
        return subprocess.run(["/usr/bin/python3", CHECK_HEAD, archive.folder / "archive.db", archive.work / "head.txt",
                               *arguments], capture_output=True, text=True)
    done = check(key)
    assert done.returncode == 0 and done.stdout == "the log's 16 entries begin with the 12 of the head\n", done.stderr
    other = Archive(archive.work / "other", archive.programs)
    other.work.mkdir()
    assert "not signed" in check(other.cli("archive", "head", "--public-key").stdout.strip()).stderr
    archive.sql("UPDATE log_entry SET kind = 'release' WHERE position = 9")
    assert "not those of the head" in check().stderr
    archive.sql("UPDATE log_entry SET kind = 'rom_index' WHERE position = 9; UPDATE rom SET record_digest = zeroblob(32)")
    assert "table rom are" in check().stderr


def test_rewriting_and_truncation_are_told(start_daemon, tmp_path, programs):
    archive = Archive(tmp_path, programs)
    daemon = archive.serve(start_daemon)
    archive.publish("1", "a")
    daemon.stop()
    shutil.copytree(daemon.archive, tmp_path / "copy")
    daemon = archive.serve(start_daemon)
    archive.publish("2", "b")
    archive.head("head.txt")
    daemon.stop()
    shutil.rmtree(daemon.archive)
    (tmp_path / "copy").rename(daemon.archive)
    archive.serve(start_daemon)
    assert archive.verify().returncode == 0
    refused(archive.verify("--head", "head.txt"), 1, "head.txt", "only 4 of the 8 entries")
    archive.publish("2", "another history, the same key")
    assert archive.verify().returncode == 0
    refused(archive.verify("--head", "head.txt"), 1, "its first 8 entries are not those of the head")


def test_damage_is_named_and_has_its_own_exit_code(archive):
    archive.publish("1", "a")
    archive.head("head.txt")
    archive.sql("UPDATE label SET value = 'evil'")
    for options in ([], ["--head", "head.txt"]):
        line = refused(archive.verify(*options), 3, "boot@1: the record does not match its digest")
        assert line.startswith("romlink: error: the archive is damaged: ")


def test_other_heads_and_other_files_are_refused(archive, tmp_path):
    archive.publish("1", "a")
    note = archive.head("head.txt")
    other = Archive(tmp_path / "other", archive.programs)
    other.work.mkdir()
    (tmp_path / "other.txt").write_text(other.head("head.txt"))
    other_key = other.cli("archive", "head", "--public-key").stdout.strip()
    refused(archive.verify("--head", "other.txt"), 1, "other.txt", "the head of another archive")
    refused(archive.verify("--public-key", other_key), 1, "another archive")
    (tmp_path / "altered.txt").write_text(note.replace("\n4\n", "\n2\n"))
    refused(archive.verify("--head", "altered.txt"), 1, "altered.txt", "does not verify")
    for name, content in [("empty", b""), ("text", b"hello\n"), ("binary", bytes(range(256))),
                          ("cut", note.encode()[:-20]), ("long", b"x" * 3_000_000), ("unsigned", note.encode()[:90])]:
        (tmp_path / name).write_bytes(content)
        refused(archive.verify("--head", name), 3, name)
    refused(archive.verify("--head", "missing"), 3, "missing")
    refused(archive.verify("--public-key", "nonsense"), 3, "nonsense", "not a verifier key")


def test_a_lost_key_is_replaced_and_noted(start_daemon, tmp_path, programs):
    archive = Archive(tmp_path, programs)
    daemon = archive.serve(start_daemon)
    archive.publish("1", "a")
    archive.head("head.txt")
    key = archive.cli("archive", "head", "--public-key").stdout.strip()
    assert daemon.stop() == 0 and "signing key" not in daemon.log.read_text()
    (daemon.archive / "signing-key.pem").unlink()
    daemon = archive.serve(start_daemon)
    assert "the signing key is not the one that signed this archive" in daemon.log.read_text()
    archive.publish("2", "b")
    new_key = archive.cli("archive", "head", "--public-key").stdout.strip()
    assert new_key != key
    done = archive.verify("--head", "head.txt", "--public-key", key)
    assert done.returncode == 0 and f"another key signs since the head of 8 entries: {new_key}" in done.stderr
    assert json.loads(archive.verify("--json").stdout)["notes"]
    done = archive.verify("--public-key", key)
    assert done.returncode == 1 and "signed with another key" in done.stderr


def test_a_given_key_signs(start_daemon, tmp_path):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    config = tmp_path / "romlinkd.toml"
    config.write_text(f'[archive]\nsigning_key = "{key}"\n')
    daemon = start_daemon("--config", config)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout[-32:]
    printed = Cli(tmp_path, "--server", daemon.address)("archive", "head", "--public-key").stdout.strip()
    assert base64.b64decode(printed.split("+", 2)[2]) == b"\x01" + public
    assert not (daemon.archive / "signing-key.pem").exists()


@pytest.mark.parametrize("content, why", [(None, "No such file"), ("hello\n", "no unencrypted Ed25519 private key")])
def test_a_bad_key_is_one_line(tmp_path, content, why):
    if content:
        (tmp_path / "key.pem").write_text(content)
    done = subprocess.run([BIN / "romlinkd", "--archive", tmp_path / "roms", "--listen", "127.0.0.1:0", "--signing-key",
                           tmp_path / "key.pem"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and why in done.stderr and "key.pem" in done.stderr, done.stderr


def test_over_grpc(daemon, messages):
    a = messages.archive
    head = daemon.unary("/romlink.v1.ArchiveService/GetArchiveHead", a.GetArchiveHeadRequest(), a.ArchiveHead)
    assert head.size == 0 and head.note.startswith(head.origin + "\n0\n")
    verify = "/romlink.v1.ArchiveService/VerifyArchive"
    *_, last = daemon.downstream(verify, a.VerifyArchiveRequest(head=head.note, public_key=head.public_key),
                                 a.VerifyArchiveResponse)
    assert last.finished and not last.contradiction and not last.problems and last.log_entries == 0
    with pytest.raises(grpc.RpcError) as error:
        list(daemon.downstream(verify, a.VerifyArchiveRequest(head="hello"), a.VerifyArchiveResponse))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
