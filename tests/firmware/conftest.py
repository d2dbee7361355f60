"""Builds the test firmware for the tests: into the directory that ROMLINK_FIRMWARE_OUT names, else into a temporary one."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "keys")]
import build  # noqa: E402


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
