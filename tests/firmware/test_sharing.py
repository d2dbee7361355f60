"""romlink on the real pair: what it saves, what it reports, and that the firmware computes the same."""
import json
import re

import pytest

import boot
from outcome import MISMATCH, assert_passes
from romlink_client import Romlink, assert_adds_up, assert_bound_to_the_rom, decisions

BOARDS = ("an521", "an385")


@pytest.fixture(scope="session")
def romlink(tmp_path_factory):
    return Romlink(tmp_path_factory.mktemp("romlink"))


@pytest.fixture(scope="session")
def linked(romlink, built, tmp_path_factory):
    """linked(board, rom variant, firmware variant): (ROM's reference, linked image, report)."""
    folder = tmp_path_factory.mktemp("linked")
    done = {}

    def get(board="an521", rom="default", spe="default"):
        key = (board, rom, spe)
        if key not in done:
            reference = romlink.publish(built(board, rom), board, rom)
            output = folder / ("-".join(key) + ".elf")
            done[key] = reference, output, romlink.link(reference, built(board, spe), output)
        return done[key]
    return get


@pytest.mark.parametrize("board", BOARDS)
def test_shared_firmware_says_the_same(built, linked, board):
    _, image, report = linked(board)
    plain = boot.boot(built(board) / "rom.elf", built(board) / "spe.elf", board)
    shared = boot.boot(built(board) / "rom.elf", image, board)
    assert_passes(*shared)
    assert shared == plain
    assert report["verdict"] == "COMPATIBLE"
    assert report["flash"]["savedBytes"] > 10000


@pytest.mark.parametrize("board", BOARDS)
def test_report_adds_up(built, linked, board):
    _, image, report = linked(board)
    assert_adds_up(report, built(board) / "spe.elf", image)


def test_each_shared_symbol_is_gone_and_bound_to_the_rom(linked):
    _, image, report = linked()
    assert assert_bound_to_the_rom(report, image) > 50


def test_a_changed_function_and_its_rom_callers_stay_local(built, linked):
    _, image, report = linked(spe="spe-changed")
    before, now = decisions(linked()[2]), decisions(report)
    assert before["bn_core_montgomery_inverse"]["decision"] == "SHARED"
    assert now["bn_core_montgomery_inverse"]["reason"] == "CHANGED"
    callers = {name for name, entry in now.items() if before[name]["decision"] == "SHARED"
               and entry["decision"] == "LOCAL"} - {"bn_core_montgomery_inverse"}
    assert callers
    for name in callers:
        assert now[name]["reason"] == "DEPENDS_ON_CHANGED"
        assert re.match(rf"{name} -> .*bn_core_montgomery_inverse: constant differs at \+0x", now[name]["detail"])
    assert now["sha256_update"]["decision"] == "SHARED"
    assert_passes(*boot.boot(built() / "rom.elf", image))


def test_configured_limit_is_not_shared(linked):
    now = decisions(linked()[2])
    for name in ("rsa_public_operation", "rsa_verify_pkcs1_v15", "public_key_import"):
        assert now[name]["reason"] == "CHANGED", now[name]
    assert now["public_key_verify"]["reason"] == "DEPENDS_ON_CHANGED"
    assert now["crypto_calloc"]["reason"] == "STATE_NOT_SHARED"


def test_another_rom_is_noticed(romlink, built, linked):
    first, image, _ = linked()
    second, _, _ = linked(rom="rom-v2")
    assert first != second
    assert "belongs on" in romlink.run("check", image, "--rom", first).stdout
    refused = romlink.run("check", image, "--rom", second, code=1)
    assert first in refused.stdout + refused.stderr
    code, output = boot.boot(built(variant="rom-v2") / "rom.elf", image)
    assert code == 3 and output.endswith(MISMATCH)


def test_a_dump_tells_whether_the_firmware_belongs(romlink, built, linked, tmp_path):
    first, image, _ = linked()
    linked(rom="rom-v2")
    for variant, code in (("default", 0), ("rom-v2", 1)):
        dump = tmp_path / f"{variant}.bin"
        romlink.run("rom", "fetch", f"an521@{variant}", "--role", "image", "--out", tmp_path / variant)
        stored = next((tmp_path / variant).iterdir()).read_bytes()
        dump.write_bytes(stored + b"\xff" * 4096)
        romlink.run("check", image, "--dump", dump, code=code)


def test_the_same_inputs_give_the_same_image_and_report(romlink, built, linked, tmp_path):
    reference, image, report = linked()
    again = romlink.link(reference, built(), tmp_path / "again.elf")
    assert (tmp_path / "again.elf").read_bytes() == image.read_bytes()
    assert {**again, "timing": None} == {**report, "timing": None}


def test_firmware_over_the_rom_is_incompatible(romlink, built, linked, tmp_path):
    reference, _, _ = linked()
    script = tmp_path / "low.ld"
    text = (built() / "spe.ld").read_text()
    moved = text.replace(f"ORIGIN = ({boot.SLOT['an521']:#x}", "ORIGIN = (0x10000000")
    assert moved != text
    script.write_text(moved)
    arguments = (built() / "spe-link.args").read_text().splitlines()
    arguments[arguments.index("-T") + 1] = str(script)
    report, output = tmp_path / "r.json", tmp_path / "low.elf"
    done = romlink.run("link", "--rom", reference, "--report", report, "--", *arguments, "-o", output, code=1)
    assert "overlaps the ROM's flash" in done.stderr
    assert json.loads(report.read_text())["verdict"] == "INCOMPATIBLE"
    assert not output.exists()


def test_one_image_runs_on_two_roms(romlink, built, linked, tmp_path):
    references = [linked(rom=rom)[0] for rom in ("default", "rom-v2")]
    output, report = tmp_path / "both.elf", tmp_path / "both.json"
    arguments = (built() / "spe-link.args").read_text().splitlines()
    romlink.run("link", *(word for rom in references for word in ("--rom", rom)), "--report", report, "--", *arguments,
                "-o", output)
    said = json.loads(report.read_text())
    assert [rom["romImageHash"] for rom in said["roms"]] == references
    shared = sum(entry["size"] for entry in said["symbols"] if entry["decision"] == "SHARED")
    assert 0 < shared < min(rom["shareableBytes"] for rom in said["roms"])
    assert assert_bound_to_the_rom(said, output) > 20
    for variant, reference in zip(("default", "rom-v2"), references):
        assert "belongs on" in romlink.run("check", output, "--rom", reference).stdout
        rom = built(variant=variant) / "rom.elf"
        done = boot.boot(rom, output)
        assert_passes(*done)
        assert done == boot.boot(rom, built() / "spe.elf")
    code, text = boot.boot(built(linker="lld") / "rom.elf", output)
    assert code == 3 and text.endswith(MISMATCH)
