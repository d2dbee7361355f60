"""Real pairs of ROM and firmware: what romlink refuses and why, and that linkers take the same without a word."""
import os
import pathlib

import pytest

import build
import pairs

RELINK_TEXT = pathlib.Path(os.environ["ROMLINK_RELINK_TEXT"])
GNU_LD = ["arm-none-eabi-ld"]
CASES = [pytest.param(pair, compilers, id=f"{pair.name}, {'-'.join(compilers)}") for pair in pairs.PAIRS
         for compilers in pair.compilers]


@pytest.mark.parametrize("pair,compilers", CASES)
def test_only_what_differs_is_refused(pair, compilers, tmp_path):
    built = build.Built(pair, compilers, tmp_path / "pair")
    verdicts, text = build.relink(built, RELINK_TEXT)
    assert set(verdicts) == set(pair.functions), text
    for name, verdict in verdicts.items():
        if not pair.checked or name in pair.unchecked:
            # Only equal code counts, although the policy allows more.
            assert verdict.types == "NOT_CHECKED", (name, text)
            assert verdict.decision == "SHARED" or verdict.reason == "CHANGED", (name, text)
            assert verdict.decision == "LOCAL" or not verdict.detail.startswith("accepted"), (name, text)
        elif name in pair.path:
            assert (verdict.decision, verdict.reason) == ("LOCAL", pair.reason), (name, text)
            assert pair.path[name] in verdict.detail, (name, text)
        else:
            assert verdict.decision == "SHARED", (name, text)
            note = pair.notes.get(name)
            assert verdict.types == ("COMPATIBLE" if note else "SAME"), (name, text)
            assert note is None or note in verdict.notes, (name, text)


@pytest.mark.parametrize("pair,compilers", CASES)
@pytest.mark.parametrize("linker", [GNU_LD, build.LLD], ids=["GNU ld", "ld.lld"])
def test_linkers_say_nothing(pair, compilers, linker, tmp_path):
    built = build.Built(pair, compilers, tmp_path / "pair")
    assert built.just_symbols(linker) == (0, "")
