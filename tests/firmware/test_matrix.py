"""romlink on pairs of bootloader and firmware by other compilers, levels, linkers and layouts (matrix.py).

For each, the firmware linked by itself and the one that shares with the bootloader say the same, and the report agrees
with the images. ROMLINK_MATRIX=full tries every combination. A table of the savings is printed at the end.
"""
import copy
import functools
import hashlib
import operator
import os
import pathlib

import pytest

import boot
import build
import matrix
import sign
from outcome import assert_passes, vectors
from romlink_client import Romlink, assert_adds_up, assert_bound_to_the_rom, decisions

PAIRS = matrix.pairs(os.environ.get("ROMLINK_MATRIX") == "full")


@pytest.fixture(scope="module")
def romlink(tmp_path_factory):
    return Romlink(tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def published(romlink):
    """published(pair, out): the reference of the bootloader. Several pairs may have the same image."""
    references = {}

    def get(pair, out):
        image = sign.flat_image((out / "rom.elf").read_bytes())
        if image not in references:
            references[image] = romlink.publish(out, pair.name, "1")
        return references[image]
    return get


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(pair): the directory of its build."""
    root = pathlib.Path(os.environ.get("ROMLINK_FIRMWARE_OUT") or tmp_path_factory.mktemp("firmware"))

    def get(pair):
        out = root / pair.name
        build.Build(out, pair.board, "default", pair.linker, rom=pair.rom, spe=pair.spe, far=pair.far,
                    objects=root / pair.objects).run()
        return out
    return get


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_shared_firmware_says_the_same(pair, romlink, published, made, tmp_path, savings):
    out = made(pair)
    plain = boot.boot(out / "rom.elf", out / "spe.elf", pair.board)
    assert_passes(*plain)
    image = tmp_path / "spe.elf"
    report = romlink.link(published(pair, out), out, image)
    assert report["verdict"] == "COMPATIBLE"
    saved = report["flash"]["savedBytes"]
    shared = assert_bound_to_the_rom(report, image)
    savings.append((pair, report["flash"]["baselineBytes"], saved, shared))
    assert boot.boot(out / "rom.elf", image, pair.board) == plain
    assert_adds_up(report, out / "spe.elf", image)
    assert saved in pair.saves
    assert decisions(report)["der_read"]["reason"] == ("" if pair.rom == pair.spe else "CHANGED")


def test_two_builds_by_clang_are_equal_and_name_no_directory(made, tmp_path):
    pair = next(pair for pair in PAIRS if pair.spe.compiler == "clang")
    first = made(pair)
    build.Build(tmp_path / "again", pair.board, "default", pair.linker, rom=pair.rom, spe=pair.spe).run()
    for name in ("rom.elf", "spe.elf", "spe.bin", "libcrypto-rom.a", "libcrypto-spe.a"):
        data = (first / name).read_bytes()
        assert data == (tmp_path / "again" / name).read_bytes(), name
        assert str(build.HERE).encode() not in data and str(first).encode() not in data, name


# The checks above can fail.

SAMPLE = matrix.pairs()[0]


@pytest.fixture(scope="module")
def sample(romlink, published, made, tmp_path_factory):
    """(plain image, shared image, report) of the first pair."""
    out, image = made(SAMPLE), tmp_path_factory.mktemp("sample") / "spe.elf"
    return out / "spe.elf", image, romlink.link(published(SAMPLE, out), out, image)


def test_a_report_that_does_not_add_up_is_noticed(sample):
    plain, image, report = sample
    assert_adds_up(report, plain, image)
    for path in (("flash", "baselineBytes"), ("flash", "linkedBytes"), ("flash", "savedBytes"),
                 ("flashBreakdown", 0, "baselineBytes"), ("flashBreakdown", 0, "linkedBytes")):
        wrong = copy.deepcopy(report)
        *parents, last = path
        functools.reduce(operator.getitem, parents, wrong)[last] += 1
        with pytest.raises(AssertionError):
            assert_adds_up(wrong, plain, image)
    with pytest.raises(AssertionError):
        assert_adds_up({**report, "symbols": report["symbols"][1:]}, plain, image)
    with pytest.raises(AssertionError):
        assert_adds_up(report, plain, plain)


def test_a_symbol_bound_elsewhere_is_noticed(sample):
    _, image, report = sample
    assert assert_bound_to_the_rom(report, image) > 50
    wrong = copy.deepcopy(report)
    next(entry for entry in wrong["symbols"] if entry["name"] == "sha256_update")["romAddress"] = "0x10000000"
    with pytest.raises(AssertionError):
        assert_bound_to_the_rom(wrong, image)


def test_a_wrong_share_is_noticed(made, sample, tmp_path):
    """The ROM's copy of a shared function returns at once, and the firmware is told that this is the right ROM."""
    plain, image, report = sample
    elf = (made(SAMPLE) / "rom.elf").read_bytes()
    start, before = sign.flat_image(elf)
    at = int(decisions(report)["format_u64"]["romAddress"], 16) - start
    function = before[at:at + 48]
    assert elf.count(function) == 1
    (tmp_path / "rom.elf").write_bytes(elf.replace(function, b"\x70\x47" + function[2:]))  # bx lr
    digests = [hashlib.sha256(sign.flat_image(rom)[1]).digest() for rom in (elf, (tmp_path / "rom.elf").read_bytes())]
    assert image.read_bytes().count(digests[0]) == 2  # in a note, and what the firmware compares
    (tmp_path / "spe.elf").write_bytes(image.read_bytes().replace(*digests))
    assert_passes(*boot.boot(tmp_path / "rom.elf", plain, SAMPLE.board))
    code, output = boot.boot(tmp_path / "rom.elf", tmp_path / "spe.elf", SAMPLE.board)
    assert code == 1 and ("u64-format", "FAIL") in vectors(output), output
