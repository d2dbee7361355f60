"""debuginfod's HTTP API as stock tools use it: debuginfod-find and gdb fetch a ROM's files by build-id."""
import io
import json
import os
import re
import socket
import subprocess
import tarfile

import pytest

from conftest import DEADLINE, Cli, eventually


@pytest.fixture
def served(start_daemon, tmp_path):
    """A daemon with its HTTP port; .cli, .url, and .find(), which is debuginfod-find with an empty cache."""
    daemon = start_daemon("--http", "127.0.0.1:0")
    daemon.url = "http://" + daemon.said("http listening on ")
    daemon.cli = Cli(tmp_path, "--server", daemon.address)

    def find(*arguments):
        cache = tmp_path / "debuginfod-cache" / str(len(list(tmp_path.glob("debuginfod-cache/*"))))
        cache.mkdir(parents=True)
        return subprocess.run(["debuginfod-find", *map(str, arguments)], capture_output=True, timeout=DEADLINE, env={
            **os.environ, "DEBUGINFOD_URLS": daemon.url, "DEBUGINFOD_CACHE_PATH": str(cache)})
    daemon.find = find
    return daemon


def publish(daemon, elf, *options, name="boot", version="1.0"):
    done = daemon.cli("rom", "publish", "--name", name, "--version", version, "--elf", elf, *options)
    assert done.returncode == 0, done.stderr
    return show(daemon, f"{name}@{version}")


def show(daemon, reference):
    shown = daemon.cli("--json", "rom", "show", reference)
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


def found(result):
    assert result.returncode == 0, result.stderr
    with open(result.stdout.decode().strip(), "rb") as file:
        return file.read()


def without_build_id(programs):
    elf = programs.folder / "anonymous.elf"
    subprocess.run(["arm-none-eabi-objcopy", "-R", ".note.gnu.build-id", programs.rom, elf], check=True)
    return elf


@pytest.mark.parametrize("kind", ["executable", "debuginfo"])
def test_debuginfod_find_gets_the_published_elf(served, programs, kind):
    rom = publish(served, programs.rom)
    assert len(rom["buildId"]) == 40
    assert found(served.find(kind, rom["buildId"])) == programs.rom.read_bytes()
    # by a file that has the build-id, as debuginfod-find allows
    assert found(served.find(kind, programs.rom)) == programs.rom.read_bytes()


def test_debuginfod_find_fails_for_an_unknown_build_id(served, programs):
    publish(served, programs.rom)
    missing = served.find("debuginfo", "00" * 20)
    assert missing.returncode != 0 and b"No such file" in missing.stderr


def test_a_rom_without_build_id_has_a_synthetic_one(served, programs):
    elf = without_build_id(programs)
    rom = publish(served, elf)
    assert rom["buildId"] == ""
    synthetic = rom["syntheticBuildId"]
    assert synthetic == rom["imageHash"][len("sha256:"):][:40]
    assert found(served.find("debuginfo", synthetic)) == elf.read_bytes()
    assert show(served, synthetic)["imageHash"] == rom["imageHash"]
    listed = json.loads(served.cli("--json", "rom", "list").stdout)
    assert [r["syntheticBuildId"] for r in listed["roms"]] == [synthetic]
    assert f"{synthetic} (synthetic" in served.cli("rom", "show", "boot@1.0").stdout
    # a ROM that has a build-id shows that one alone
    named = publish(served, programs.other_rom, version="2.0")
    assert named["buildId"] and named["syntheticBuildId"] == ""


def test_one_build_id_of_several_elfs_is_nobodys(served, programs, tmp_path):
    """Two ROMs with the same note: neither is served by it, and both by their synthetic build-id."""
    forged = tmp_path / "forged.elf"
    note = tmp_path / "note"
    subprocess.run(["arm-none-eabi-objcopy", f"--dump-section=.note.gnu.build-id={note}", programs.rom,
                    "/dev/null"], check=True)
    subprocess.run(["arm-none-eabi-objcopy", f"--update-section=.note.gnu.build-id={note}", programs.other_rom, forged],
                   check=True)
    first = publish(served, programs.rom)
    assert found(served.find("debuginfo", first["buildId"])) == programs.rom.read_bytes()
    second = publish(served, forged, version="2.0")
    assert second["buildId"] == first["buildId"]
    assert served.find("debuginfo", first["buildId"]).returncode != 0
    for rom, elf in ((first, programs.rom), (second, forged)):
        assert found(served.find("debuginfo", rom["imageHash"][7:47])) == elf.read_bytes()


def dump_section(elf, name, folder):
    out = folder / "section"
    subprocess.run(["arm-none-eabi-objcopy", f"--dump-section={name}={out}", elf, "/dev/null"], check=True)
    return out.read_bytes()


def tarball(file, members, mode="w:gz"):
    """A tar file of (name, content) or ready-made tarfile.TarInfo without content."""
    with tarfile.open(file, mode) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return file


def test_debuginfod_find_gets_sources(served, programs, tmp_path):
    """By the path in the debug information, whatever folder the tarball has in front of it."""
    folder = str(programs.folder)
    for version, elf, prefix, mode in (("1.0", programs.rom, f"{programs.folder.name}-1.0/", "w:gz"), ("2.0", programs.other_rom, folder[1:] + "/", "w:xz")):
        sources = tarball(tmp_path / f"{version}.tar", [(prefix + "start.c", b"start\n"), (prefix + "common.c", b"common\n")],
                          mode)
        rom = publish(served, elf, "--attach", f"sources={sources}", version=version)
        for name in ("start", "common"):
            assert found(served.find("source", rom["buildId"], f"{folder}/{name}.c")) == f"{name}\n".encode()
            assert found(served.find("source", rom["buildId"], f"{folder}/out//../{name}.c")) == f"{name}\n".encode()
        for other in (f"{folder}/other.c", "/usr/src/newlib/start.c"):
            assert served.find("source", rom["buildId"], other).returncode != 0
    # a ROM with the same build-id, but no sources, takes none away
    assert served.find("source", "00" * 20, f"{folder}/start.c").returncode != 0


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def core(programs):
    """core(elf): a Cortex-M33 in QEMU that runs the ELF, stopped at reset; the address of its gdbstub."""
    running = []

    def start(elf):
        port = free_port()
        command = ["qemu-system-arm", "-M", "mps2-an521", "-kernel", str(elf), "-nographic", "-monitor", "none",
                   "-serial", "none", "-S", "-gdb", f"tcp:127.0.0.1:{port}"]
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT))

        def listens():
            assert running[-1].poll() is None, running[-1].stdout.read()
            with open("/proc/net/tcp") as sockets:
                return any(f":{port:04X} " in line.split("rem_address")[0] and " 0A " in line for line in sockets)
        eventually(listens)
        return f"127.0.0.1:{port}"
    yield start
    for one in running:
        one.kill()
        one.wait(DEADLINE)
        one.stdout.close()


def gdb(served, tmp_path, *commands, file=None, urls=None):
    """What stock gdb prints when it runs the commands, with romlinkd as its debuginfod and an empty cache."""
    cache = tmp_path / f"gdb-cache-{len(list(tmp_path.glob('gdb-cache-*')))}"
    cache.mkdir()
    arguments = ["gdb-multiarch", "-nx", "-batch", "-iex", "set debuginfod enabled on", "-iex", "set confirm off"]
    for command in commands:
        arguments += ["-ex", command]
    done = subprocess.run([*arguments, *([str(file)] if file else [])], capture_output=True, text=True, timeout=DEADLINE,
                          stdin=subprocess.DEVNULL,
                          env={**os.environ, "DEBUGINFOD_URLS": urls if urls is not None else served.url,
                               "DEBUGINFOD_CACHE_PATH": str(cache), "HOME": str(tmp_path)})
    return done.stdout + done.stderr


def test_gdb_resolves_rom_functions_of_a_stripped_elf(served, programs, core, tmp_path):
    """A core in QEMU, a ROM ELF without symbols, and stock gdb: names, lines and source text come by HTTP."""
    sources = tarball(tmp_path / "boot-1.0.tar.xz", [
        (f"{programs.folder.name}-1.0/{name}", programs.folder.joinpath(name).read_bytes())
        for name in ("common.c", "start.c")], "w:xz")
    rom = publish(served, programs.rom, "--attach", f"sources={sources}")
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["arm-none-eabi-strip", "-o", stripped, programs.rom], check=True)
    add = address_of(programs.rom, "add")
    stub = core(programs.rom)
    # Where the sources of the compilation are, nobody else has them.
    away = programs.folder / "away"
    away.mkdir(exist_ok=True)
    for name in ("common.c", "start.c"):
        (programs.folder / name).rename(away / name)
    try:
        talk = gdb(served, tmp_path, f"target remote {stub}", f"info symbol {add:#x}", f"break *{add:#x}", "continue", "bt",
                   "list add", file=stripped)
        without = gdb(served, tmp_path, f"target remote {stub}", f"info symbol {add:#x}", "bt", file=stripped, urls="")
    finally:
        for name in ("common.c", "start.c"):
            (away / name).rename(programs.folder / name)
    assert "add in section .text" in talk, talk
    assert re.search(r"#0 +add \(a=\S+, b=\S+\) at \S*common\.c:2", talk), talk
    assert re.search(r"#1 .*reset \(\) at \S*start\.c:5", talk), talk
    assert "return a * 3 + b" in talk, talk
    assert "No symbol matches" in without and "common.c" not in without, without
    assert rom["buildId"]


def test_gdb_with_nothing_but_the_build_id(served, programs, core, tmp_path):
    """No ELF at hand: debuginfod-find gets it by build-id, or by the synthetic one where the ELF has none."""
    anonymous = without_build_id(programs)
    rom = publish(served, anonymous)
    fetched = served.find("debuginfo", rom["syntheticBuildId"]).stdout.decode().strip()
    stub = core(programs.rom)
    mul = address_of(programs.rom, "mul")
    talk = gdb(served, tmp_path, f"target remote {stub}", f"hbreak *{mul:#x}", "continue", "bt", file=fetched, urls="")
    assert re.search(r"#0 +mul \(a=\S+, b=\S+\) at \S*common\.c:3", talk), talk


def address_of(elf, name):
    listed = subprocess.run(["arm-none-eabi-nm", elf], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^(\w+) \w {name}$", listed, re.M)[1], 16)
