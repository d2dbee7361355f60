"""Builds the test firmware for the tests: into the directory that ROMLINK_FIRMWARE_OUT names, else into a temporary one."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "keys")]
import build  # noqa: E402

SAVINGS = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """built(board, variant, linker): the directory of that build."""
    root = pathlib.Path(os.environ.get("ROMLINK_FIRMWARE_OUT") or tmp_path_factory.mktemp("firmware"))
    done = {}

    def get(board="an521", variant="default", linker="gnu"):
        key = (board, variant, linker)
        if key not in done:
            done[key] = root / "-".join(key)
            build.Build(done[key], *key).run()
        return done[key]
    return get


@pytest.fixture(scope="session")
def savings(pytestconfig):
    """Takes (pair, bytes of the firmware, bytes saved, symbols shared) for the table at the end."""
    return pytestconfig.stash.setdefault(SAVINGS, [])


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(SAVINGS, [])
    if rows:
        terminalreporter.section("flash saved")
        terminalreporter.write_line(f"{'pair':17}{'compiler':9}{'level':6}{'board':7}{'ROM by':7}"
                                    f"{'firmware':>9}{'saved':>7}{'symbols':>8}")
    for pair, size, saved, symbols in rows:
        terminalreporter.write_line(f"{pair.kind:17}{pair.spe.compiler:9}{'-O' + pair.spe.optimize:6}{pair.board:7}"
                                    f"{pair.linker:7}{size:9}{saved:7}{symbols:8}")
