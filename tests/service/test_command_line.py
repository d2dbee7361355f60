"""romlink and ld.romlink: results, exit codes, one-line errors, and no output where there is an error."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from conftest import BIN, Cli, DEADLINE, eventually, refused
from programs import ROM_BASE
from test_service import digest
from test_supervision import slow_script, workers_of


@pytest.fixture
def boot(cli, programs):
    """boot@1.0 is published; its hash."""
    result = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*"))


def test_publish_prints_the_hash_last(cli, boot, programs):
    assert boot == digest(programs.image)
    again = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom)
    assert again.returncode == 0 and again.stdout.splitlines()[-1] == boot


def test_publish_names_the_attached_file(cli, programs):
    (cli.folder / "deep.json").write_text("[" * 2_000_000)
    (cli.folder / "shell").write_text("rm -rf /\n")
    for attached, where in [("flags=", "flags=: expected ROLE=FILE"), ("flags=nofile", "nofile: "),
                            ("flags=deep.json", "deep.json: it is nested"), ("flags=shell", "shell:1: 'rm' is no compiler")]:
        answer = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--attach", attached)
        assert answer.returncode in (2, 3) and where in answer.stderr, answer.stderr


def test_list_show_fetch(cli, boot, programs):
    assert f"boot@1.0  {boot}" in cli("rom", "list").stdout
    shown = json.loads(cli("rom", "show", "boot@1.0", "--json").stdout)
    assert shown["imageHash"] == boot
    assert cli("--json", "rom", "list").stdout.count(boot) >= 1
    fetched = cli("rom", "fetch", boot, "--role", "elf", "--out", "out")
    assert fetched.returncode == 0, fetched.stderr
    assert (cli.folder / "out" / "rom.elf").read_bytes() == programs.rom.read_bytes()
    assert files(cli.folder) == ["out", "out/rom.elf"]


def test_identify(cli, boot, programs):
    (cli.folder / "dump").write_bytes(programs.image + b"\xff" * 100)
    result = cli("rom", "identify", "dump")
    assert result.returncode == 0 and "boot@1.0" in result.stdout and boot in result.stdout
    (cli.folder / "dump").write_bytes(b"other" * 100)
    refused(cli("rom", "identify", "dump"), 4, "dump")


def columns(text):
    """The rows of a table as {column: value}."""
    lines = [line for line in text.splitlines() if not line.startswith(" ")]
    return [dict(zip(lines[0].split(), re.split("  +", line))) for line in lines[1:]]


def test_identify_says_where_and_what_differs(cli, boot, programs):
    image = programs.image
    (cli.folder / "dump").write_bytes(b"\xff" * 13 + image + b"firmware" + image)
    rows = columns(cli("rom", "identify", "dump").stdout)
    assert [(row["MATCH"], row["ROM"], row["OFFSET"], row["DIFFERS"], row["HASH"]) for row in rows] == [
        ("exact", "boot@1.0", hex(13), "nothing", boot), ("exact", "boot@1.0", hex(21 + len(image)), "nothing", boot)]

    patched = bytearray(image)
    patched[20] ^= 1
    patched[-1] ^= 1
    (cli.folder / "dump").write_bytes(patched)
    result = cli("rom", "identify", "dump")
    assert result.returncode == 4 and "near matches only" in result.stderr and "--volatile" in result.stderr
    [row] = columns(result.stdout)
    assert (row["MATCH"], row["ROM"], row["DIFFERS"]) == ("near", "boot@1.0", "2 bytes")
    last = ROM_BASE + len(image) - 1
    assert f"differs at {ROM_BASE + 20:#010x}:1, {last:#010x}:1" in result.stdout
    answer = json.loads(cli("--json", "rom", "identify", "dump").stdout)
    assert "rom" not in answer and answer["matches"][0]["kind"] == "NEAR"

    given = cli("rom", "identify", "dump", "--volatile", f"{ROM_BASE + 20:#x}:1", "--volatile", f"{last:#x}:1")
    assert given.returncode == 0, given.stderr
    [row] = columns(given.stdout)
    assert (row["MATCH"], row["DIFFERS"]) == ("exact but --volatile", "2 bytes in --volatile")


def test_identify_hex_and_srecords(cli, boot, programs):
    for fmt in ("ihex", "srec"):
        subprocess.run(["arm-none-eabi-objcopy", "-O", fmt, programs.rom, cli.folder / fmt], check=True)
        result = cli("rom", "identify", fmt)
        assert result.returncode == 0, result.stderr
        [row] = columns(result.stdout)
        assert (row["MATCH"], row["ROM"], row["ADDRESS"]) == ("exact", "boot@1.0", f"{ROM_BASE:#010x}")
        refused(cli("rom", "identify", fmt, "--base", "0"), 2, fmt)
        lines = (cli.folder / fmt).read_text().splitlines()
        lines[2] = lines[2][:-1] + ("0" if lines[2][-1] != "0" else "1")
        (cli.folder / "bad").write_text("\n".join(lines))
        refused(cli("rom", "identify", "bad"), 3, "bad, line 3")
        (cli.folder / "bad").write_text("\n".join(lines[:2]))
        refused(cli("rom", "identify", "bad"), 3, "bad, line 2")


def test_identify_elf(cli, boot, programs):
    [row] = columns(cli("rom", "identify", programs.rom).stdout)
    assert (row["MATCH"], row["ROM"], row["ADDRESS"]) == ("exact", "boot@1.0", f"{ROM_BASE:#010x}")
    assert cli("link", "--rom", "boot@1.0", "--", *programs.arguments()).returncode == 0
    result = cli("rom", "identify", "fw.elf")
    assert result.returncode == 0, result.stderr
    [row] = columns(result.stdout)
    assert (row["MATCH"], row["ROM"], row["HASH"]) == ("linked against", "boot@1.0", boot)
    plain = programs.link("plain.elf", programs.script, programs.start, programs.common)
    refused(cli("rom", "identify", plain), 4, "no note")
    refused(cli("rom", "identify", programs.common), 3, "object file")
    (cli.folder / "torn.elf").write_bytes(programs.rom.read_bytes()[:300])
    refused(cli("rom", "identify", "torn.elf"), 3, "torn.elf")


def test_identify_a_firmware_of_a_rom_that_is_not_archived(cli, boot, programs, tmp_path):
    assert cli("link", "--rom", "boot@1.0", "--", *programs.arguments()).returncode == 0
    other = Cli(tmp_path, "--archive", tmp_path / "elsewhere", env={"ROMLINK_IDLE": "1"})
    assert other("rom", "publish", "--name", "o", "--version", "1", "--elf", programs.other_rom).returncode == 0
    refused(other("rom", "identify", cli.folder / "fw.elf"), 4, boot)


def test_identify_what_holds_nothing(cli, boot):
    (cli.folder / "empty").write_bytes(b"")
    refused(cli("rom", "identify", "empty"), 3, "empty")
    (cli.folder / "small").write_bytes(b"\x01")
    refused(cli("rom", "identify", "small"), 4, "small")
    refused(cli("rom", "identify", "none"), 3, "none")
    with open(cli.folder / "huge", "wb") as file:
        file.truncate(4 << 30)
    refused(cli("rom", "identify", "huge"), 1, "larger than")


def test_link_plan_check(cli, boot, programs):
    linked = cli("link", "--rom", "boot@1.0", "--report", "r.json", "--html", "r.html", "--", *programs.arguments(),
                 "-Map=fw.map", "--dependency-file=fw.d")
    assert linked.returncode == 0, linked.stderr
    assert files(cli.folder) == ["fw.d", "fw.elf", "fw.map", "r.html", "r.json"]
    assert os.access(cli.folder / "fw.elf", os.X_OK)
    report = json.loads((cli.folder / "r.json").read_text())
    assert report["verdict"] == "COMPATIBLE" and report["romImageHash"] == boot
    assert int(report["flash"]["linkedBytes"]) < int(report["flash"]["baselineBytes"])
    assert str(programs.library) in (cli.folder / "fw.map").read_text(), "the map names files as the user does"
    assert (cli.folder / "fw.d").read_text().startswith("fw.elf:")
    checked = cli("check", "fw.elf", "--rom", "boot@1.0")
    assert checked.returncode == 0, checked.stderr
    before = files(cli.folder)
    planned = cli("plan", "--rom", "boot@1.0", "--json", "--", *programs.arguments("none.elf"))
    assert planned.returncode == 0 and json.loads(planned.stdout)["verdict"] == "COMPATIBLE"
    assert files(cli.folder) == before


def test_the_second_link_uploads_nothing(cli, boot, programs, daemon):
    for output in ("one.elf", "two.elf"):
        assert cli("link", "--rom", boot, "--", *programs.arguments(output)).returncode == 0
    uploads = [line for line in daemon.log.read_text().splitlines() if " Upload " in line]
    assert len(uploads) == 1
    assert (cli.folder / "one.elf").read_bytes() == (cli.folder / "two.elf").read_bytes()


def test_check_refuses_the_wrong_rom(cli, boot, programs):
    other = cli("rom", "publish", "--name", "boot", "--version", "2.0", "--elf", programs.other_rom)
    assert other.returncode == 0, other.stderr
    assert cli("link", "--rom", "boot@1.0", "--", *programs.arguments()).returncode == 0
    refused(cli("check", "fw.elf", "--rom", "boot@2.0"), 1)
    (cli.folder / "dump").write_bytes(programs.image)
    assert cli("check", "fw.elf", "--dump", "dump").returncode == 0
    note = programs.image.index(b"GNU\0") - 12
    (cli.folder / "dump").write_bytes(programs.image[note:note + 36])
    [row] = columns(cli("rom", "identify", "dump").stdout)
    assert (row["MATCH"], row["ROM"]) == ("build-id", "boot@1.0")
    refused(cli("check", "fw.elf", "--dump", "dump"), 4, "dump")


def test_ld_romlink(cli, boot, programs, daemon):
    linked = cli(f"--romlink-server={daemon.address}", f"--romlink-rom={boot}", "--romlink-report=r.json",
                 *programs.arguments(), program="ld.romlink")
    assert linked.returncode == 0 and linked.stdout == "", linked.stderr
    assert json.loads((cli.folder / "r.json").read_text())["romImageHash"] == boot
    cli.env["ROMLINK_SERVER"] = daemon.address
    plain = cli(*programs.arguments("plain.elf"), program="ld.romlink")
    assert plain.returncode == 0, plain.stderr
    assert (cli.folder / "plain.elf").stat().st_size > 0
    version = cli("--version", program="ld.romlink")
    assert version.returncode == 0 and "compatible with GNU linkers" in version.stdout


def test_linker_scripts_bring_their_files(cli, boot, programs):
    (cli.folder / "ld").mkdir()
    (cli.folder / "ld" / "common.ld").write_text(programs.script.read_text())
    (cli.folder / "flash.ld").write_text("INCLUDE common.ld\nINPUT(-lcommon)\n")
    result = cli("link", "--rom", boot, "--", "-Tflash.ld", programs.start, "-Lld", "-L", programs.library.parent,
                 "-z", "max-page-size=4")
    assert result.returncode == 0, result.stderr
    assert (cli.folder / "a.out").exists()


def test_a_failed_check_leaves_no_output(cli, boot, programs):
    text = programs.script.read_text()
    (cli.folder / "bare.ld").write_text(text[:text.rindex("}")] + "  /DISCARD/ : { *(.romlink.note) }\n}\n")
    refused(cli("link", "--rom", boot, "--", "-T", "bare.ld", programs.start, programs.library, "-o", "fw.elf",
                "-Map=fw.map"), 1)
    assert files(cli.folder) == ["bare.ld"]


def test_archive_commands(cli, boot):
    assert cli("archive", "verify").returncode == 0
    assert json.loads(cli("archive", "stats", "--json").stdout)["roms"] == "1"


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_link_leaves_nothing(cli, boot, programs, daemon, signal_name):
    (cli.folder / "slow.ld").write_bytes(slow_script(programs.script.read_bytes()))
    process = cli.start("link", "--rom", boot, "--", "-T", "slow.ld", programs.start, programs.library)
    jobs = lambda: workers_of(daemon.process.pid)[1]
    eventually(lambda: jobs() or process.poll() is not None)
    assert process.poll() is None and len(files(cli.folder)) == 2, "an unfinished output beside slow.ld"
    process.send_signal(getattr(signal, signal_name))
    process.communicate(timeout=DEADLINE)
    assert process.returncode == -getattr(signal, signal_name)
    assert files(cli.folder) == ["slow.ld"]
    eventually(lambda: not jobs())


# Errors


def mutated(programs, folder, name, change):
    data = bytearray(programs.rom.read_bytes())
    change(data)
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("name, change", [
    ("machine.elf", lambda d: d.__setitem__(18, 62)),            # x86-64
    ("class.elf", lambda d: d.__setitem__(4, 2)),                # ELFCLASS64
    ("endian.elf", lambda d: d.__setitem__(5, 2)),               # ELFDATA2MSB
    ("truncated.elf", lambda d: d.__delitem__(slice(200, None))),
    ("empty.elf", lambda d: d.clear()),
    ("text.elf", lambda d: d.__setitem__(slice(0, None), b"no ELF\n")),
])
def test_publish_refuses_bad_elfs(cli, programs, name, change):
    elf = mutated(programs, cli.folder, name, change)
    refused(cli("rom", "publish", "--name", "b", "--version", "1", "--elf", elf), 3, name)
    assert cli("rom", "list").stdout == ""


def test_publish_refuses_an_image_that_differs(cli, programs):
    image = cli.folder / "rom.bin"
    image.write_bytes(programs.image[:20] + bytes([programs.image[20] ^ 1]) + programs.image[21:])
    refused(cli("rom", "publish", "--name", "b", "--version", "1", "--elf", programs.rom, "--image", image), 1,
            "0x10000014")
    assert cli("rom", "list").stdout == ""
    image.write_bytes(programs.image + b"\xff" * 100)
    assert cli("rom", "publish", "--name", "b", "--version", "1", "--elf", programs.rom, "--image", image).returncode == 0


def test_publish_refuses_a_second_meaning(cli, boot, programs):
    refused(cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.other_rom), 1)


@pytest.mark.parametrize("arguments, exit_code", [
    (["rom", "show", "none@1"], 4),
    (["rom", "fetch", "none@1", "--out", "out"], 4),
    (["link", "--rom", "none@1", "--", "START"], 4),
    (["link", "--rom", "boot@1.0", "--", "missing.o"], 3),
    (["link", "--rom", "boot@1.0", "--", "START", "-lmissing"], 3),
    (["link", "--rom", "boot@1.0", "--", "-T", "missing.ld", "START"], 3),
    (["link", "--rom", "boot@1.0", "--policy", "missing.toml", "--", "START"], 3),
    (["link", "--rom", "boot@1.0", "--"], 2),
    (["link", "--rom", "boot@1.0", "--", "START", "-R", "rom.elf"], 2),
    (["link", "--rom", "boot@1.0", "--", "START", "--out-implib=x.o"], 2),
    (["link", "--", "START"], 2),
    (["rom", "publish", "--name", "x"], 2),
    (["rom", "publish", "--name", "b", "--version", "1", "--elf", "ROM", "--volatile", "12"], 2),
    (["rom", "publish", "--name", "b", "--version", "1", "--elf", "missing.elf"], 3),
    (["check", "START"], 2),
    (["check", "missing.elf", "--rom", "boot@1.0"], 3),
    (["nonsense"], 2),
    ([], 2),
])
def test_exit_codes(cli, boot, programs, arguments, exit_code):
    replaced = [{"START": programs.start, "ROM": programs.rom}.get(a, a) for a in arguments]
    refused(cli(*replaced), exit_code)
    assert files(cli.folder) == []


def test_undefined_symbols_are_the_users_errors(cli, boot, programs):
    (cli.folder / "fw.elf").write_text("as before")
    arguments = [a for a in programs.arguments() if a != "-lcommon"]
    refused(cli("link", "--rom", boot, "--", *arguments), 1, "mul")
    assert (cli.folder / "fw.elf").read_text() == "as before"
    assert files(cli.folder) == ["fw.elf"]


def test_a_broken_archive_member_is_named(cli, boot, programs):
    data = bytearray(programs.library.read_bytes())
    at = data.index(b"\x7fELF")
    data[at + 32:at + 36] = b"\xff\xff\xff\x7f"  # its section headers are nowhere
    (cli.folder / "libbroken.a").write_bytes(data)
    arguments = [a if a != "-lcommon" else "libbroken.a" for a in programs.arguments()]
    refused(cli("link", "--rom", boot, "--", *arguments), 3, "libbroken.a")
    assert files(cli.folder) == ["libbroken.a"]


def test_policy_mistakes_name_file_and_line(cli, boot, programs):
    (cli.folder / "policy.toml").write_text("[defaults]\nevidense = \"IDENTICAL\"\n")
    refused(cli("link", "--rom", boot, "--policy", "policy.toml", "--", *programs.arguments()), 2, "policy.toml:2")


def test_no_service(tmp_path):
    cli = Cli(tmp_path)
    assert "--archive" in cli("rom", "list").stderr
    refused(cli("rom", "list"), 5)
    refused(Cli(tmp_path, "--server", f"unix:{tmp_path}/nobody.sock")("rom", "list"), 5, "nobody.sock")


def test_a_closed_pipe_is_no_error_message(cli, boot):
    process = subprocess.Popen(["sh", "-c", f"exec {BIN}/romlink --server {cli.where[1]} rom list >&-"],
                               stderr=subprocess.PIPE, text=True)
    _, stderr = process.communicate(timeout=DEADLINE)
    assert process.returncode != 0 and stderr.count("\n") <= 1


@pytest.mark.parametrize("command", [[], ["rom"], ["rom", "publish"], ["rom", "list"], ["rom", "show"], ["rom", "fetch"],
                                     ["rom", "identify"], ["link"], ["plan"], ["check"], ["archive"],
                                     ["archive", "verify"], ["archive", "stats"]])
def test_help_has_an_example(tmp_path, command):
    result = Cli(tmp_path)(*command, "--help")
    assert result.returncode == 0 and "Example:" in result.stdout


# The daemon on demand


def daemon_of(archive):
    """Process numbers of the daemons that serve this folder."""
    found = []
    for process in pathlib.Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"romlinkd") and str(archive).encode() in words:
            found.append(int(process.name))
    return found


@pytest.fixture(params=["short", "a path that is too long for the name of a socket, which has some hundred bytes " * 2])
def archive(request, tmp_path):
    folder = (tmp_path / request.param.strip()).resolve()
    yield folder
    if folder.exists():
        folder.rename(tmp_path / "gone")
    eventually(lambda: not daemon_of(folder))


def test_two_clients_at_once_share_one_daemon(tmp_path, archive, programs):
    cli = Cli(tmp_path, "--archive", archive)
    clients = [cli.start("rom", "publish", "--name", f"boot{i}", "--version", "1", "--elf", elf)
               for i, elf in enumerate([programs.rom, programs.other_rom, programs.rom, programs.other_rom][:2])]
    for client in clients:
        output, errors = client.communicate(timeout=DEADLINE)
        assert client.returncode == 0, errors
        assert output.splitlines()[-1].startswith("sha256:")
    assert len(daemon_of(archive)) == 1
    assert cli("rom", "list").stdout.count("sha256:") == 2


def test_the_daemon_goes_when_nobody_needs_it(tmp_path, archive):
    cli = Cli(tmp_path, "--archive", archive, env={"ROMLINK_IDLE": "0"})
    assert cli("rom", "list").returncode == 0
    eventually(lambda: not daemon_of(archive))
    assert cli("rom", "list").returncode == 0, "and comes again"


def test_the_daemon_goes_with_its_folder(tmp_path, archive):
    cli = Cli(tmp_path, "--archive", archive)
    assert cli("rom", "list").returncode == 0
    assert daemon_of(archive)
    archive.rename(tmp_path / "elsewhere")
    eventually(lambda: not daemon_of(archive))


def test_a_killed_daemon_is_started_again(tmp_path, archive):
    cli = Cli(tmp_path, "--archive", archive)
    assert cli("rom", "list").returncode == 0
    for pid in daemon_of(archive):
        os.kill(pid, 9)
    eventually(lambda: not daemon_of(archive))
    assert cli("rom", "list").returncode == 0


def test_why_the_daemon_does_not_start(tmp_path):
    cli = Cli(tmp_path, "--archive", tmp_path / "archive")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "archive.db").write_bytes(b"hello")
    refused(cli("rom", "list"), 3, "archive.db", "not an SQLite database")
    assert "name the folder of a romlink archive" in cli("rom", "list").stderr
    (tmp_path / "archive" / "archive.db").unlink()
    (tmp_path / "archive" / "archive.db-wal").write_bytes(b"commits")
    refused(cli("rom", "list"), 3, "archive.db-wal")


def test_an_archive_that_is_none(tmp_path):
    (tmp_path / "file").write_text("x")
    refused(Cli(tmp_path, "--archive", tmp_path / "file")("rom", "list"), 5, "file")
