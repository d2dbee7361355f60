"""Whole artifact sets: every role, required roles, lists and stripped ELFs of another build, what a set lacks."""
import json
import struct
import subprocess
import threading

import grpc
import pytest

from conftest import DEADLINE, Cli, refused


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, **options).stdout


@pytest.fixture(scope="module")
def companions(programs, tmp_path_factory):
    """What a release has besides the ELF, made by the usual tools: role -> file."""
    folder = tmp_path_factory.mktemp("companions")
    made = {name: folder / name for name in ("rom.map", "nm.txt", "sized.txt", "posix.txt", "symdefs.txt", "names.txt", "shared.axf", "symbols.elf",
                                             "mbedtls_config.h", "rom.ld", "rom.spdx.json", "sources.tar.gz", "NEWS", "flags")}
    run("ld.lld-19", "-T", programs.rom_script, programs.start, programs.common, "-o", folder / "again.elf", "-z",
        "max-page-size=4", "--build-id", f"-Map={made['rom.map']}")
    listing = run("arm-none-eabi-nm", programs.rom)
    made["nm.txt"].write_bytes(listing)
    symbols = [line.split() for line in listing.decode().splitlines()]
    thumb = {name: int(address, 16) | (kind in "Tt") for address, kind, name in symbols}
    made["sized.txt"].write_bytes(run("arm-none-eabi-nm", "-S", programs.rom))
    made["posix.txt"].write_bytes(run("arm-none-eabi-nm", "-f", "posix", programs.rom))
    made["symdefs.txt"].write_text("#<SYMDEFS># ARM Linker, 6190004: Last Updated: Sat Jan 31 2026\n" + "".join(
        f"0x{thumb[name]:08x} T {name}\n" for name in ("add", "mul", "reset")))
    made["names.txt"].write_text("add\nm?l\n")
    run("arm-none-eabi-objcopy", "--keep-symbol=add", "--keep-symbol=mul", "--strip-all", programs.rom, made["shared.axf"])
    run("arm-none-eabi-objcopy", "--extract-symbol", programs.rom, made["symbols.elf"])
    made["mbedtls_config.h"].write_text("#define MBEDTLS_SHA256_C\n")
    made["rom.ld"].write_bytes(programs.rom_script.read_bytes())
    made["rom.spdx.json"].write_text('{"spdxVersion": "SPDX-2.3"}\n')
    run("tar", "czf", made["sources.tar.gz"], "-C", programs.folder, "common.c", "start.c")
    made["NEWS"].write_text("1.0: first\n")
    made["flags"].write_text("arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os\n")
    return made


ROLES = {"map": "rom.map", "symbols": "nm.txt", "symbols.armlink": "symdefs.txt", "symbols.names": "names.txt",
         "shared-elf": "shared.axf", "shared-elf.symbols": "symbols.elf", "config.mbedtls": "mbedtls_config.h",
         "linker-script": "rom.ld", "sbom": "rom.spdx.json", "sources": "sources.tar.gz", "release-notes": "NEWS",
         "flags": "flags", "x-lot.7": "NEWS"}


def publish(cli, programs, attach=(), elf=None, version="1.0"):
    return cli("rom", "publish", "--name", "boot", "--version", version, "--elf", elf or programs.rom,
               *[word for role, file in attach for word in ("--attach", f"{role}={file}")])


def test_a_whole_set_comes_back(cli, programs, companions):
    published = publish(cli, programs, [(role, companions[name]) for role, name in ROLES.items()])
    assert published.returncode == 0, published.stderr
    assert "not archived with it" not in published.stdout
    fetched = cli("rom", "fetch", "boot@1.0", "--out", "out")
    assert fetched.returncode == 0, fetched.stderr
    shown = json.loads(cli("--json", "rom", "show", "boot@1.0").stdout)
    assert {a["role"] for a in shown["artifacts"]} == {"elf", "image", *ROLES}
    for role, name in ROLES.items():
        one = cli("rom", "fetch", "boot@1.0", "--role", role, "--out", f"one-{role}")
        assert one.returncode == 0, one.stderr
        (file,) = (cli.folder / f"one-{role}").iterdir()
        assert file.name in (name, f"{role}-{name}")  # the role in front where two have one name
        assert file.read_bytes() == companions[name].read_bytes(), role


@pytest.mark.parametrize("attach", [
    (("map", "a/f"), ("config", "b/f"), ("sbom", "map-f")),
    (("map", "a/f"), ("config", "b/f"), ("sbom", "map-f"), ("x", "config-f"), ("y", "map-2-f"), ("map-2", "c/f")),
    (("map", "a/" + "n" * 246), ("config", "b/" + "n" * 246)),
    (("map", "a/" + "\u00e9" * 123), ("config", "b/" + "\u00e9" * 123))])
def test_each_artifact_is_fetched_into_a_file_of_its_own(cli, programs, attach):
    content = {}
    for role, name in attach:
        file = cli.folder / name
        file.parent.mkdir(exist_ok=True)
        content[role] = f"content of {role}\n".encode()
        file.write_bytes(content[role])
    assert publish(cli, programs, attach).returncode == 0
    whole = cli("rom", "fetch", "boot@1.0", "--out", "out")
    assert whole.returncode == 0, whole.stderr
    files = whole.stdout.splitlines()
    assert len(set(files)) == len(attach) + 2  # and the ELF and the image
    fetched = [(cli.folder / file).read_bytes() for file in files]
    for role in content:
        assert content[role] in fetched
        one = cli("rom", "fetch", "boot@1.0", "--role", role, "--out", f"one-{role}")
        (file,) = (cli.folder / f"one-{role}").iterdir()
        assert file.read_bytes() == content[role] and f"out/{file.name}" in files, one.stderr


def test_a_long_title_makes_a_short_name_of_the_image(cli, programs):
    name, version = "n" * 150, "1" * 150
    published = cli("rom", "publish", "--name", name, "--version", version, "--elf", programs.rom)
    assert published.returncode == 0, published.stderr
    assert cli("rom", "fetch", f"{name}@{version}", "--role", "image", "--out", "out").stdout == "out/image.bin\n"


def test_what_a_later_link_will_lack_is_printed(cli, programs, companions, tmp_path):
    bare = tmp_path / "bare.elf"
    run("arm-none-eabi-objcopy", "--strip-debug", "-R", ".note.gnu.build-id", programs.rom, bare)
    published = publish(cli, programs, elf=bare)
    assert published.returncode == 0, published.stderr
    for lack in ("no DWARF", "no build-id", "no relocations",
                 "1 variable outside of shared RAM: ROM code that uses it cannot be shared: keep",
                 "not archived with it: map, flags, config, linker-script, sources, sbom"):
        assert f"note: {lack}" in published.stdout, (lack, published.stdout)
    complete = programs.folder / "complete.elf"
    run("ld.lld-19", "-T", programs.rom_script, programs.start, programs.common, "-o", complete, "-z", "max-page-size=4",
        "--build-id", "--emit-relocs", "--defsym=another=1")
    published = publish(cli, programs, [("map", companions["rom.map"])], elf=complete, version="1.1")
    for lack in ("no DWARF", "no build-id", "no relocations", "map"):
        assert f"note: {lack}" not in published.stdout and f"with it: {lack}" not in published.stdout, published.stdout


@pytest.mark.parametrize("role, name, alter, words", [
    ("symbols", "nm.txt", lambda t: t.replace(b" T add", b" T addd"), ("nm.txt:", "addd", "does not define it")),
    ("symbols.armlink", "symdefs.txt", lambda t: t.replace(b"0x100000", b"0x100001"), ("symdefs.txt:2: add", "0x100001")),
    ("symbols", "names.txt", lambda t: t + b"sub_*\n", ("names.txt:3: sub_*", "no symbol of the ELF matches")),
    ("symbols", "NEWS", lambda t: b"what is this?\n", ("NEWS:1: ", "neither a name")),
    ("shared-elf", "NEWS", lambda t: t, ("NEWS",)),
    ("symbols", "nm.txt", lambda t: t.replace(b" T add", b" D add"), (": add", "it is code, in the list data ('D')")),
    ("symbols", "nm.txt", lambda t: t.replace(b" T add", b" b add"), (": add", "it is code, in the list data ('b')")),
    ("symbols", "nm.txt", lambda t: t.replace(b" B keep", b" T keep"), (": keep", "it is data, in the list code ('T')")),
    ("symbols", "sized.txt", lambda t: t.replace(b" 00000004 B keep", b" 00000005 B keep"),
     (": keep", "has 4 bytes of it, the list 5")),
    ("symbols", "posix.txt", lambda t: t.replace(b"keep B 20000000", b"keep B 20000001"), (": keep", "0x20000001")),
])
def test_a_list_of_another_build_is_refused(cli, programs, companions, role, name, alter, words):
    file = cli.folder / name
    file.write_bytes(alter(companions[name].read_bytes()))
    answer = publish(cli, programs, [(role, file)])
    line = refused(answer, 3 if name == "NEWS" else 1, *words)
    assert ".part" not in line
    assert cli("rom", "list", "--quiet").stdout == ""


def test_a_shared_elf_of_another_build_is_refused(cli, programs, companions):
    other = cli.folder / "other.axf"
    run("arm-none-eabi-objcopy", "--keep-symbol=add", "--keep-symbol=mul", "--strip-all", programs.other_rom, other)
    refused(publish(cli, programs, [("shared-elf", other)]), 1, "other.axf", "its byte at 0x100000")
    moved = cli.folder / "moved.elf"
    run("arm-none-eabi-objcopy", "--extract-symbol", "--change-addresses=0x100", programs.rom, moved)
    refused(publish(cli, programs, [("shared-elf", moved)]), 1, "moved.elf", "nothing of this name and size at 0x10000")


@pytest.mark.parametrize("name, alter", [
    ("nm.txt", lambda t: b"         w opt\n         U ext\n" + t), ("sized.txt", lambda t: t + b"         w opt\n"),
    ("posix.txt", lambda t: t + b"opt w         \n"), ("nm.txt", lambda t: b"\xef\xbb\xbf" + t),
    ("nm.txt", lambda t: t.replace(b" T vectors", b" D vectors"))])
def test_what_nm_prints_is_a_symbol_list(cli, programs, companions, name, alter):
    content = alter(companions[name].read_bytes())
    assert content != companions[name].read_bytes()
    (cli.folder / name).write_bytes(content)
    published = publish(cli, programs, [("symbols", cli.folder / name)])
    assert published.returncode == 0, published.stderr


def without_sections(elf, alter=lambda content: content):
    """The ELF as its segments alone; alter(content) makes each of them another."""
    data = bytearray(elf.read_bytes())
    struct.pack_into("<I", data, 32, 0)  # e_shoff
    struct.pack_into("<HH", data, 48, 0, 0)  # e_shnum, e_shstrndx
    table, count = struct.unpack_from("<I", data, 28)[0], struct.unpack_from("<H", data, 44)[0]
    for i in range(count):
        kind, offset, _, _, size = struct.unpack_from("<5I", data, table + 32 * i)
        if kind == 1 and size > 0:
            data[offset:offset + size] = alter(bytes(data[offset:offset + size]))
    return bytes(data)


def test_a_shared_elf_without_sections_is_compared_byte_by_byte(cli, programs, companions):
    bare = cli.folder / "bare.axf"
    for content in (without_sections(companions["shared.axf"], lambda c: bytes(b ^ 0xff for b in c)),
                    without_sections(companions["shared.axf"], lambda c: bytes(len(c))),
                    without_sections(companions["shared.axf"], lambda c: c[:-1] + bytes([c[-1] ^ 1]))):
        bare.write_bytes(content)
        refused(publish(cli, programs, [("shared-elf", bare)]), 1, "bare.axf", "its byte at 0x10000")
    empty = bytearray(without_sections(companions["shared.axf"]))
    struct.pack_into("<H", empty, 44, 0)  # e_phnum
    bare.write_bytes(empty)
    refused(publish(cli, programs, [("shared-elf", bare)]), 1, "bare.axf", "neither symbols nor content")
    bare.write_bytes(without_sections(companions["shared.axf"]))
    published = publish(cli, programs, [("shared-elf", bare)])
    assert published.returncode == 0, published.stderr


@pytest.mark.parametrize("symbol, accepted", [
    ("vectors=.text:0,global,object", True), ("vectors=.text:1,global,object", False), ("keep=.bss:1,global", False),
    ("keep=.bss:0,global", True), ("keep=.bss:0,global,function", False), ("vectors=.text:0,global,function", False)])
def test_a_shared_elf_has_data_at_the_very_address(cli, programs, symbol, accepted):
    """Bit 0 is Thumb's of a function, and part of the address of everything else."""
    elf = cli.folder / "symbols.elf"
    run("arm-none-eabi-objcopy", "--extract-symbol", f"--strip-symbol={symbol.split('=')[0]}", programs.rom, elf)
    run("arm-none-eabi-objcopy", f"--add-symbol={symbol}", elf)
    published = publish(cli, programs, [("shared-elf", elf)])
    if accepted:
        assert published.returncode == 0, published.stderr
    else:
        refused(published, 1, f"symbols.elf: {symbol.split('=')[0]}", "nothing of this name and size")


@pytest.mark.parametrize("text, code, words", [
    ("add\nm?l\n", 2, ("list.txt:2: m?l", "by name")), ("add, mul!\n", 3, ("list.txt:1", "neither a name")),
    ("# nothing\n", 3, ("list.txt", "names no symbol"))])
def test_what_is_no_share_list_is_refused(cli, programs, text, code, words):
    (cli.folder / "list.txt").write_text(text)
    publication = ("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--share-list", "list.txt")
    refused(cli(*publication), code, *words)
    assert cli("rom", "list", "--quiet").stdout == ""


def test_what_a_share_list_has_and_the_elf_has_not_is_noted(cli, programs):
    (cli.folder / "list.txt").write_text("nosuch\nadd\n" + "".join(f"northis{i}\n" for i in range(4)))
    published = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--share-list", "list.txt")
    assert published.returncode == 0, published.stderr
    assert ("note: the share list has 5 symbols that the ELF does not define: nosuch, northis0, northis1 and 2 more"
            in published.stdout), published.stdout


@pytest.mark.parametrize("text", ["add\nmul # both\n", "#<SYMDEFS>#\n0x1 T mul\n;c\n0x1 T add\n", "show add\nshow mul\n",
                                  "add mul\n", "add#why\n  mul\n"])
def test_a_share_list_has_any_format(cli, programs, text):
    (cli.folder / "list.txt").write_text(text)
    published = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--share-list", "list.txt")
    assert published.returncode == 0, published.stderr
    assert json.loads(cli("--json", "rom", "show", "boot@1.0").stdout)["sharedSymbols"] == ["add", "mul"]


def test_what_is_read_by_its_role_is_not_replaced_by_another(start_daemon, programs, companions, tmp_path):
    """A second file of these kinds is read by nobody."""
    config = tmp_path / "romlinkd.toml"
    config.write_text('[publish]\nrequired_roles = ["flags"]\n')
    daemon = start_daemon("--config", str(config))
    cli = Cli(tmp_path, "--server", daemon.address)
    refused(publish(cli, programs, [("flags.c", companions["flags"])]), 1, "no artifact of the role 'flags'")
    attach = [("flags", companions["flags"]), ("sources.more", companions["sources.tar.gz"]), ("map.b", companions["rom.map"])]
    published = publish(cli, programs, attach)
    assert "note: not archived with it: config, linker-script, sources, sbom" in published.stdout, published.stderr


def test_a_bad_name_is_refused_before_anything_is_sent(daemon, messages):
    """The artifact that follows is never finished."""
    pb = messages.archive
    header = pb.PublishRomRequest(header=dict(name="boot\u200b", version="1.0"))
    good = pb.PublishRomRequest(header=dict(name="boot", version="1.0"))
    role = pb.PublishRomRequest(artifact=dict(role="Bad Role", file_name="x", size=1 << 20))
    for first, words in (([header], "U+200B"), ([good, role], "Bad Role")):
        waiting = threading.Event()

        def requests():
            yield from first
            waiting.wait(DEADLINE)  # an answer comes without more
        with pytest.raises(grpc.RpcError) as refusal:
            try:
                daemon.upstream("/romlink.v1.ArchiveService/PublishRom", requests(), pb.PublishRomResponse)
            finally:
                waiting.set()
        assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT and words in refusal.value.details()


def test_the_service_may_require_roles(start_daemon, programs, companions, tmp_path):
    config = tmp_path / "romlinkd.toml"
    config.write_text('[publish]\nrequired_roles = ["image", "map", "config"]\n')
    daemon = start_daemon("--config", str(config))
    cli = Cli(tmp_path, "--server", daemon.address)
    (tmp_path / "rom.bin").write_bytes(programs.image)
    refused(publish(cli, programs), 1, "boot@1.0", "no artifact of the role 'image'")
    attach = [("map", companions["rom.map"]), ("config.mbedtls", companions["mbedtls_config.h"])]
    whole = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--image", "rom.bin",
                *[word for role, file in attach for word in ("--attach", f"{role}={file}")])
    assert whole.returncode == 0, whole.stderr
    config.write_text('[publish]\nrequired_roles = "map"\n')
    with pytest.raises(AssertionError, match="'required_roles' is a list of strings"):
        start_daemon("--config", str(config))
    config.write_text('[publish]\nrequired_roles = ["Bad Role"]\n')
    with pytest.raises(AssertionError, match="romlinkd.toml:2: 'Bad Role' in 'required_roles' is no role"):
        start_daemon("--config", str(config))


@pytest.mark.parametrize("attach, words", [
    ("../elf=NEWS", ("../elf",)), ("a/b=NEWS", ("a/b",)), ("=NEWS", ()), ("ELF=NEWS", ("ELF",)), ("elf=NEWS", ("elf",)),
    (".hidden=NEWS", (".hidden",)), ("a\u202eb=NEWS", ()), ("map=nofile", ("nofile",))])
def test_bad_roles_are_one_line(cli, programs, attach, words):
    (cli.folder / "NEWS").write_text("x")
    answer = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--attach", attach)
    assert answer.returncode in (2, 3), (answer.returncode, answer.stderr)
    refused(answer, answer.returncode, *words)
    assert cli("rom", "list", "--quiet").stdout == ""


def test_names_of_any_script_come_back(cli, programs):
    for version, name in enumerate(["Größe", "引导", "загрузчик", "🥾", "e\u0301"]):
        published = cli("rom", "publish", "--name", name, "--version", str(version), "--elf",
                        programs.rom if version == 0 else programs.other_rom, "--label", f"{name}={name}")
        assert published.returncode == (0 if version < 2 else 1), published.stderr  # one name for each image
    assert "Größe@0" in cli("rom", "list").stdout and "引导@1" in cli("rom", "list").stdout
    assert json.loads(cli("--json", "rom", "show", "引导@1").stdout)["labels"] == {"引导": "引导"}
