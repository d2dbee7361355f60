"""Finding a ROM in dumps that make it hard: padding, fill patterns, many revisions, ROMs without content."""
import json
import random
import sqlite3
import struct

import pytest

from conftest import refused

BASE = 0x10000000


def elf(content, *more):
    """A minimal ARM ELF with one PT_LOAD of `content` at BASE, and one for each (address, content) of `more`."""
    loads = [(BASE, content), *more]
    at, headers, data = 52 + 32 * len(loads), b"", b""
    for address, load in loads:
        headers += struct.pack("<8I", 1, at + len(data), address, address, len(load), len(load), 5, 1)
        data += load
    return struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, 40, 1, BASE, 52, 0, 0x5000200, 52, 32, len(loads), 40, 0,
                       0) + headers + data


def noise(size, seed):
    return random.Random(seed).randbytes(size)


@pytest.fixture
def publish(cli):
    def publish(name, content, *options, image=None, more=()):
        (cli.folder / "rom.elf").write_bytes(elf(content, *more))
        if image is not None:
            (cli.folder / "rom.bin").write_bytes(image)
            options = ("--image", "rom.bin", *options)
        return cli("rom", "publish", "--name", name, "--version", "1", "--elf", "rom.elf", *options)
    return publish


@pytest.fixture
def identify(cli):
    """identify(dump, *options): the answer's matches as (kind, name, offset), and the result of the command."""
    def identify(dump, *options):
        (cli.folder / "dump").write_bytes(dump)
        result = cli("--json", "rom", "identify", "dump", *options)
        matches = json.loads(result.stdout)["matches"] if result.stdout else []
        return [(m["kind"], m["rom"]["name"], int(m.get("offset", 0))) for m in matches], result
    return identify


@pytest.mark.parametrize("zeros, more", [(2084, ()), (3, ()), (700, [(BASE + 0x8000, bytes(90))])])
def test_an_image_that_lacks_the_trailing_zeros(publish, identify, zeros, more):
    code = noise(14300, 1)
    assert publish("boot", code + bytes(zeros), image=code, more=more).returncode == 0
    exact = code + bytes(zeros)
    for address, content in more:
        exact = exact.ljust(address - BASE, b"\xff") + content
    assert identify(exact)[0] == [("EXACT", "boot", 0)]
    assert identify(b"\x55" * 5 + exact + noise(99, 2))[0] == [("EXACT", "boot", 5)]
    changed = bytearray(exact)
    changed[5000] ^= 1
    matches, result = identify(changed)
    assert matches == [("NEAR", "boot", 0)] and result.returncode == 4
    assert json.loads(result.stdout)["matches"][0]["differingBytes"] == "1", "the padding is the ELF's"


def test_a_fill_pattern_hides_no_match(publish, identify):
    fill, code = bytes([0, 1, 2, 3]), noise(5000, 1)
    assert publish("b", code).returncode == 0
    assert publish("a", fill * 1024 + noise(700, 2)).returncode == 0
    matches, result = identify(fill * (3 << 18) + code)
    assert matches == [("EXACT", "b", 3 << 20)] and result.returncode == 0 and not result.stderr


def test_a_search_that_is_not_complete_says_so(publish, identify, cli):
    table, code = noise(100, 3), noise(5000, 1)
    assert publish("table", table * 40).returncode == 0
    assert publish("boot", code).returncode == 0
    matches, result = identify(table * 5000 + code)
    assert ("EXACT", "boot", 500000) in matches
    assert "romlink: warning: there may be more: the dump repeats itself so often" in result.stderr
    assert json.loads(result.stdout)["incomplete"]


@pytest.mark.parametrize("content, options", [
    (noise(4096, 1), ["--volatile", f"{BASE:#x}:4096"]),
    (noise(4096, 1), ["--volatile", f"{BASE + 7:#x}:4089"]),
    (bytes(4), []),
    (bytes(4096), []),
    (b"\xff" * 4096, []),
    (bytes([0, 1]) * 1024, []),
    (bytes(range(7)), []),
], ids=["all volatile", "7 bytes left", "4 zeros", "zeros", "erased", "filled", "7 bytes"])
def test_a_rom_without_content_is_not_published(publish, cli, content, options):
    refused(publish("none", content, *options), 3, "none@1", "too little content")
    assert "none@1" not in cli("rom", "list").stdout


def test_the_smallest_rom_is_published_and_found(publish, identify):
    rom = bytes(range(8))
    assert publish("small", rom).returncode == 0
    assert identify(rom + noise(77, 1))[0] == [("EXACT", "small", 0)]
    assert identify(b"\xff" * 77 + rom, "--base", f"{BASE - 77:#x}")[0] == [("EXACT", "small", 77)]


def test_a_rom_in_thousands_of_places(publish, identify, cli):
    rom = noise(64, 1)
    assert publish("small", rom).returncode == 0
    matches, result = identify(rom * 3000)
    assert matches == [("EXACT", "small", 64 * i) for i in range(16)]
    assert json.loads(result.stdout)["matches"][0]["otherPlaces"] == str(3000 - 16)
    assert "and in 2984 more places" in cli("rom", "identify", "dump").stdout


def test_more_compared_bytes_say_more(publish, identify):
    code = noise(8192, 1)
    masked = code[:1024] + noise(6144, 2) + code[7168:]
    assert publish("aa", masked, "--volatile", f"{BASE + 1024:#x}:6144").returncode == 0
    assert publish("zz", code).returncode == 0
    assert identify(code)[0] == [("EXACT", "zz", 0), ("EXACT", "aa", 0)]


def test_the_right_one_of_many_revisions(publish, identify, cli):
    code = noise(16384, 1)
    for i in range(40):
        revision = code[:0x40] + b"1.%04d" % i + code[0x46:]
        assert publish(f"rev{i}", revision).returncode == 0
    dump = bytearray(code[:0x40] + b"1.%04d" % 35 + code[0x46:])
    dump[0x200:0x210] = bytes(byte ^ 0x55 for byte in dump[0x200:0x210])
    matches, result = identify(dump)
    assert matches[0] == ("NEAR", "rev35", 0) and result.returncode == 4
    matches, result = identify(dump, "--volatile", f"{BASE + 0x200:#x}:16")
    assert matches[0] == ("EXCEPT_VOLATILE", "rev35", 0) and result.returncode == 0
    assert all(kind == "NEAR" for kind, _, _ in matches[1:])
    shown = cli("rom", "identify", "dump", "--volatile", f"{BASE + 0x200:#x}:16").stdout
    assert "\nexact but --volatile  rev35@1" in shown and "16 bytes in --volatile" in shown


def test_half_a_dump_is_no_exact_match(publish, identify):
    code = noise(16384, 1)
    assert publish("boot", code).returncode == 0
    matches, result = identify(code[:8192], "--volatile", f"{BASE:#x}:16384")
    assert matches == [("NEAR", "boot", 0)] and result.returncode == 4
    assert json.loads(result.stdout)["matches"][0]["missingBytes"] == "8192"


def hex_record(address, kind, data):
    record = bytes([len(data)]) + struct.pack(">HB", address, kind) + data
    return f":{record.hex()}{-sum(record) & 0xff:02x}\n".encode()


def test_dumps_as_text_in_disguise(publish, identify, cli):
    code = noise(256, 1)
    assert publish("boot", code).returncode == 0
    text = hex_record(0, 4, struct.pack(">H", BASE >> 16))
    for at in range(0, len(code), 16):
        text += hex_record(at, 0, code[at:at + 16])
    text += b":00000001FF\n"
    for before in (b"", b"\n", b" \t\r\n", b"\xef\xbb\xbf"):
        assert identify(before + text)[0] == [("EXACT", "boot", 0)], before
    refused(identify(b"# a comment\n" + text)[1], 3, "dump, line 1", "begins with ':'")
    (cli.folder / "folder").mkdir()
    refused(cli("rom", "identify", "folder"), 3, "folder", "it is a folder")


def test_a_damaged_record_does_not_hide_the_others(publish, identify, daemon):
    one, two = noise(5000, 1), noise(6000, 2)
    assert publish("one", one).returncode == 0 and publish("two", two).returncode == 0
    with sqlite3.connect(daemon.archive / "archive.db") as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE rom SET architecture = 'v9' WHERE name = 'one'")
        for _, sql in triggers:
            database.execute(sql)
    database.close()
    matches, result = identify(one + two)
    assert matches == [("EXACT", "two", 5000)]
    assert "the archive's record of one@1 is damaged" in result.stderr
    assert identify(one)[1].returncode == 4
