"""SAME_SOURCE on the real pair: the bootloader by gcc -Os, the firmware by clang -O2, both compiled with romlink-cc."""
import json
import os
import pathlib

import pytest

import boot
import build
from outcome import assert_passes
from romlink_client import Romlink, assert_adds_up, assert_bound_to_the_rom, decisions

BOARDS = ("an521", "an385")
POLICY = '[defaults]\nevidence = "SAME_SOURCE"\n'


@pytest.fixture(scope="module")
def romlink(tmp_path_factory):
    return Romlink(tmp_path_factory.mktemp("romlink"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(board): the directory of its build."""
    root = pathlib.Path(os.environ.get("ROMLINK_FIRMWARE_OUT") or tmp_path_factory.mktemp("firmware"))

    def get(board):
        out = root / f"same-source-{board}"
        build.Build(out, board, "default", "gnu", rom=build.Toolset("gcc", "s", fingerprints=True),
                    spe=build.Toolset("clang", "2", fingerprints=True)).run()
        return out
    return get


@pytest.fixture(scope="module")
def linked(romlink, made, tmp_path_factory):
    """linked(board, policy): (directory, image, report)."""
    folder, done = tmp_path_factory.mktemp("linked"), {}

    def get(board, policy=POLICY):
        if (board, policy) not in done:
            out, image = made(board), folder / f"{board}-{len(done)}.elf"
            rules = image.with_suffix(".toml")
            rules.write_text(policy)
            report = image.with_suffix(".json")
            romlink.run("link", "--rom", romlink.publish(out, board, "1"), "--policy", rules, "--report", report, "--",
                        *(out / "spe-link.args").read_text().splitlines(), "-o", image)
            done[board, policy] = out, image, json.loads(report.read_text())
        return done[board, policy]
    return get


@pytest.mark.parametrize("board", BOARDS)
def test_two_compilers_one_source_one_output(linked, board):
    out, image, report = linked(board)
    plain = boot.boot(out / "rom.elf", out / "spe.elf", board)
    assert_passes(*plain)
    assert boot.boot(out / "rom.elf", image, board) == plain
    assert_adds_up(report, out / "spe.elf", image)
    assert assert_bound_to_the_rom(report, image) > 50
    proved = linked(board, "")[2]
    same = [entry for entry in report["symbols"] if entry["evidence"] == "SAME_SOURCE" and entry["decision"] == "SHARED"]
    print(f"{board}: {proved['flash']['savedBytes']} bytes saved by proof, {report['flash']['savedBytes']} with "
          f"SAME_SOURCE, {len(same)} functions")
    assert len(same) > 30
    assert report["flash"]["savedBytes"] > proved["flash"]["savedBytes"] + 8000
    assert not any(entry["evidence"] == "SAME_SOURCE" for entry in proved["symbols"])


def test_what_differs_in_its_source_stays_local(linked):
    """The bootloader's limit of 3072 bits is in the text of these."""
    now = decisions(linked("an521")[2])
    for name in ("rsa_public_operation", "rsa_verify_pkcs1_v15", "public_key_import", "public_key_verify"):
        assert now[name]["decision"] == "LOCAL", now[name]
    assert now["sha256_update"]["evidence"] == "SAME_SOURCE"
    assert now["crypto_calloc"]["decision"] == "LOCAL" and "writable data" in now["crypto_calloc"]["detail"]


def test_it_is_nobodys_word(linked):
    findings = linked("an521")[2]["findings"]
    assert [f["severity"] for f in findings if f["code"] == "SAME_SOURCE"] == ["NOTE"]
    assert not [f for f in findings if f["code"] == "ACCEPTED_DIFFERENCE"]


@pytest.mark.parametrize("flag", ("-fwrapv", "-DVARIANT_MORE_ROUNDS"))
def test_a_wrong_share_would_be_noticed(made, romlink, tmp_path, flag):
    """Another meaning of all, or other text of one function and its callers: those are not shared."""
    out = made("an521")
    build.Build(tmp_path / "other", "an521", "default", "gnu", rom=build.Toolset("gcc", "s", fingerprints=True),
                spe=build.Toolset("clang", "2", flags=(flag,), fingerprints=True)).run()
    (tmp_path / "policy.toml").write_text(POLICY)
    report = tmp_path / "r.json"
    romlink.run("link", "--rom", romlink.publish(out, "an521", "1"), "--policy", tmp_path / "policy.toml", "--report",
                report, "--", *(tmp_path / "other" / "spe-link.args").read_text().splitlines(), "-o",
                tmp_path / "out.elf")
    now = decisions(json.loads(report.read_text()))
    same = {name for name, entry in now.items() if entry["evidence"] == "SAME_SOURCE"}
    if flag == "-fwrapv":
        assert not same
    else:
        assert now["bn_core_montgomery_inverse"]["decision"] == "LOCAL" and "sha256_update" in same
    plain = boot.boot(out / "rom.elf", tmp_path / "other" / "spe.elf")
    assert_passes(*plain)
    assert boot.boot(out / "rom.elf", tmp_path / "out.elf") == plain
