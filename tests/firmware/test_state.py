"""Variables in the bootloader's shared RAM are the firmware's, too: the pointers to the allocator."""
import json
import pathlib
import subprocess

import pytest

import boot
import build
from outcome import assert_passes
from romlink_client import Romlink, addresses, decisions

BOARDS = ("an521", "an385")
POINTERS = ("crypto_calloc_ptr", "crypto_free_ptr")


@pytest.fixture(scope="module")
def romlink(tmp_path_factory):
    return Romlink(tmp_path_factory.mktemp("romlink"))


class Variant:
    """The default firmware, whose pointers lie in sections of their own; with `reinit` it calls romlink_reinit_shared()
    and relies on what that restores."""

    def __init__(self, built, romlink, board, folder):
        self.default, self.romlink, self.board, self.folder = built(board), romlink, board, folder
        self.rom = romlink.publish(self.default, board, "state")

    def objects(self, reinit):
        made = build.Build(self.default, self.board, "default", "gnu", objects=self.folder)
        made.flags["spe"] += ["-DVARIANT_ROMLINK_SHARES", *(["-DVARIANT_REINIT"] if reinit else [])]
        name = f"reinit-{reinit}"
        return [made.compile("spe", build.HERE / source, name) for source in ("crypto/crypto_platform.c", "spe/main.c")]

    def arguments(self):
        """Of the default link without its main.o."""
        words = (self.default / "spe-link.args").read_text().splitlines()
        return [word for word in words if pathlib.Path(word).name != "main.o"]

    def plain(self, objects):
        """lld's link, in which romlink_reinit_shared() does nothing."""
        output, stub = self.folder / "plain.elf", self.folder / "stub.s"
        stub.write_text(".thumb\n.globl romlink_reinit_shared\n.type romlink_reinit_shared, %function\n"
                        "romlink_reinit_shared: bx lr\n")
        subprocess.run(["arm-none-eabi-as", stub, "-o", stub.with_suffix(".o")], check=True)
        subprocess.run([build.LLD, *objects, *self.arguments(), stub.with_suffix(".o"), "-o", output], check=True)
        return output

    def link(self, name, action, objects, code=0):
        """(image, what the client says). The report lies beside the image."""
        output, policy = self.folder / f"{name}.elf", self.folder / f"{name}.toml"
        report = output.with_suffix(".json")
        policy.write_text(f'[[state]]\nsymbols = ["*"]\naction = "{action}"\n' if action else "")
        done = self.romlink.run("link", "--rom", self.rom, "--policy", policy, "--report", report, "--", *objects,
                                *self.arguments(), "-o", output, code=code)
        return output, done.stderr

    def boot(self, image):
        return boot.boot(self.default / "rom.elf", image, self.board)


@pytest.fixture(scope="module", params=BOARDS)
def variant(request, built, romlink, tmp_path_factory):
    return Variant(built, romlink, request.param, tmp_path_factory.mktemp("state"))


def saved(image):
    report = json.loads(image.with_suffix(".json").read_text())
    return report["flash"]["savedBytes"]


@pytest.mark.parametrize("action", ("reinit", "retain"))
def test_firmware_with_shared_variables_says_the_same(variant, action):
    objects = variant.objects(action == "reinit")
    image, _ = variant.link(action, action, objects)
    plain = variant.boot(variant.plain(objects))
    assert_passes(*plain)
    assert variant.boot(image) == plain
    report = json.loads(image.with_suffix(".json").read_text())
    now, places, rom = decisions(report), addresses(image), addresses(variant.default / "rom.elf")
    for name in (*POINTERS, "crypto_calloc", "crypto_free"):
        assert now[name]["decision"] == "SHARED", now[name]
    for name in POINTERS:
        assert {value for _, value, _ in places[name]} == {value for _, value, _ in rom[name]}
    without, _ = variant.link(f"{action}-without", None, objects)
    before = decisions(json.loads(without.with_suffix(".json").read_text()))
    more = {name for name, entry in now.items() if entry["decision"] == "SHARED" and before[name]["decision"] == "LOCAL"}
    assert more > {"crypto_calloc", "crypto_free", *POINTERS}, "what calls them is shared, too"
    if action == "retain":  # the table and the code that restores cost more than these few bytes
        assert saved(image) > saved(without)


def test_a_firmware_that_restores_nothing_does_not_link(variant):
    image, message = variant.link("forgot", "reinit", variant.objects(False), code=1)
    assert "error: the firmware never calls romlink_reinit_shared()" in message
    assert sum("error:" in line for line in message.splitlines()) == 1
    assert not image.exists()
