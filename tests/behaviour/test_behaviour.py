"""Programs of the C and C++ libraries say the same whether they share with the ROM or not (behaviour.py).

ROMLINK_MATRIX=full tries every combination of language, compiler, level, library and board."""
import itertools
import os
import pathlib
import random
import shutil

import pytest

import behaviour
import elf as E
import pairs as library_pairs
from behaviour import Pair

RELINK_TEXT = pathlib.Path(os.environ["ROMLINK_RELINK_TEXT"])
# v6-M code on a Cortex-M3, as for a family of devices.
V6M = {"cpu": library_pairs.M0, "kind": "v6m"}
# Functions of the library that keep no state: each program takes some of these from the ROM.
PURE = {"c": {"strlen", "memchr", "__aeabi_uldivmod", "__ieee754_exp", "__ieee754_log", "strcmp"},
        "cc": {"strlen", "memcmp", "__aeabi_uldivmod", "memchr", "__udivmoddi4", "strcmp", "memmove"}}

CHOSEN = [
    Pair("an521"), Pair("an505", optimize="2", linker="lld"), Pair("an385", "clang"), Pair("an386", "clang", "2", linker="lld"),
    Pair("an385", optimize="2", far=True), Pair("an505", "clang", far=True, library="nano"),
    Pair("an385", **V6M), Pair("an385", "clang", "2", far=True, **V6M),
    Pair("an386", flags=("-fno-function-sections", "-fno-data-sections"), kind="no-sections"),
    Pair("an521", "gcc", "2", rom_optimize="s", kind="on-Os"),
    Pair("an385", state=True, kind="state"), Pair("an505", "clang", "2", state=True, kind="state", linker="lld"),
    Pair("an521", language="cc"), Pair("an505", "clang", "2", "cc"), Pair("an385", language="cc", linker="lld"),
    Pair("an386", optimize="2", language="cc", far=True), Pair("an385", language="cc", far=True, **V6M),
]


def full():
    for board, compiler, level, language, library, far in itertools.product(
            behaviour.BOARDS, ("gcc", "clang"), ("s", "1", "2", "3"), ("c", "cc"), ("nano", "full"), (False, True)):
        if (language, library) == ("cc", "nano"):
            continue  # the small C++ library throws no exceptions
        yield Pair(board, compiler, level, language, library, far, "lld" if far else "gnu")
    for compiler, level, language, far in itertools.product(("gcc", "clang"), ("s", "2"), ("c", "cc"), (False, True)):
        yield Pair("an385", compiler, level, language, "full", far, **V6M)


FULL = os.environ.get("ROMLINK_MATRIX") == "full"
PAIRS, CHANGES = (list(full()), 300) if FULL else (CHOSEN, 12)
EXPECTED = {
    "c": ("ROM: 2 rounds", "firmware: 3 rounds", "[ALALPH+BETA+DELT+EPSI+GAMM] 26 +BETA+DELT+EPSI+GAMM DELT+EPSI+GAMM",
          "jumped with 4", "3.141593 6.020e+23 0.1", "12 -7 0.125"),
    "cc": ("ROM: 2 rounds", "firmware: 3 rounds", "caught 50, above the limit, 6 unwound", "out of range", "something",
           "while sorting: above the limit", "fig.pear.apple! 0"),
}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_shared_firmware_says_the_same(pair, tmp_path):
    images = behaviour.Images(pair, tmp_path)
    plain = images.link_plain()
    said = images.boot(plain)
    assert said[0] == 0 and said[1].endswith("done\n"), said
    if pair.library == "full":  # the small library prints no floating point
        missing = [line for line in EXPECTED[pair.language] if line not in said[1]]
        assert not missing, said[1]
    image, shared, plain_bytes, bytes_left = images.link_shared(RELINK_TEXT)
    assert len(shared) >= 20 and len(PURE[pair.language] & shared.keys()) >= 2, sorted(shared)
    assert bytes_left < plain_bytes
    state = {"state_random", "state_seed", "state_step", "state_counts"}
    assert shared.keys() & state == (state if pair.state else set())
    assert images.boot(image) == said
    shutil.rmtree(tmp_path)


def offset(elf, address):
    """Where the file has what lies at this address."""
    return next(s.offset + address - s.address for s in elf.sections
                if s.flags & E.SHF_ALLOC and s.type == 1 and 0 <= address - s.address < s.size)


class AtOnce:
    """Boots an image with a ROM that starts it at once: with the image's stack and entry in the ROM's vector table."""

    def __init__(self, images, folder):
        self.images, self.path = images, folder / "at-once.elf"

    def __call__(self, image, rom, seconds=60):
        firmware = E.Elf(image.read_bytes())
        vectors, start = offset(firmware, self.images.start), offset(E.Elf(rom), self.images.board.rom)
        self.path.write_bytes(rom[:start] + firmware.data[vectors:vectors + 8] + rom[start + 8:])
        return self.images.boot(image, self.path, seconds)


@pytest.mark.parametrize("pair", [Pair("an385"), Pair("an385", language="cc", optimize="2")], ids=lambda pair: pair.name)
def test_what_changed_in_the_rom_is_not_used(pair, tmp_path):
    """One bit of the ROM is changed in something that the firmware shares. Linked against that ROM, the firmware says the
    same; an image that goes on using what has changed says something else."""
    images = behaviour.Images(pair, tmp_path)
    rom, boot, changed_rom = images.rom.read_bytes(), AtOnce(images, tmp_path), tmp_path / "changed.elf"
    said = boot(images.link_plain(), rom)
    assert said[0] == 0 and said[1].startswith("firmware: 3 rounds\n"), said
    image, shared, _, _ = images.link_shared(RELINK_TEXT)
    first = image.rename(tmp_path / "first.elf")
    assert boot(first, rom) == said
    elf, chance, misled = E.Elf(rom), random.Random(pair.name), 0
    parts = sorted((s.place(), s.size) for s in elf.symbols if s.size and shared.get(s.name) == s.place())
    for number in range(CHANGES):
        address, size = chance.choice(parts)
        inside = chance.randrange(size) if number % 2 else 0  # what comes first is surely executed if anything is
        at, bit = offset(elf, address + inside), 1 << chance.randrange(8)
        changed = rom[:at] + bytes([rom[at] ^ bit]) + rom[at + 1:]
        changed_rom.write_bytes(changed)
        image, _, _, _ = images.link_shared(RELINK_TEXT, changed_rom)
        assert boot(image, changed) == said, hex(at)
        misled += boot(first, changed, seconds=2) != said
    assert misled > 1


def test_a_wrong_share_is_noticed(tmp_path):
    """The ROM's copy of a shared function returns at once: the firmware says something else, or nothing more."""
    images = behaviour.Images(CHOSEN[0], tmp_path)
    image, shared, _, _ = images.link_shared(RELINK_TEXT)
    said = images.boot(image)
    rom = images.rom.read_bytes()
    at = offset(E.Elf(rom), shared["__ieee754_log"])
    (tmp_path / "wrong.elf").write_bytes(rom[:at] + b"\x70\x47" + rom[at + 2:])  # bx lr
    assert images.boot(image, tmp_path / "wrong.elf") != said
