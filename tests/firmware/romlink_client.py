"""The real `romlink` for the tests, and what its reports must agree with.

Needs the built programs: ROMLINK_BIN names their directory, else build/bin.
"""
import collections
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ROMLINK_BIN") or ROOT / "build" / "bin")


class Romlink:
    """The client with an archive of its own; the daemon behind it ends with the archive's folder."""

    def __init__(self, directory):
        self.directory = directory

    def run(self, *words, code=0):
        command = [BIN / "romlink", "--archive", self.directory / "archive", *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def publish(self, directory, name, version):
        done = self.run("rom", "publish", "--name", name, "--version", version, "--elf", directory / "rom.elf",
                        "--shared-ram", ".shared_ram")
        return done.stdout.splitlines()[-1]

    def link(self, rom, directory, output):
        report = output.with_suffix(".json")
        arguments = (directory / "spe-link.args").read_text().splitlines()
        self.run("link", "--rom", rom, "--report", report, "--", *arguments, "-o", output)
        return json.loads(report.read_text())


def readelf(*words):
    return subprocess.run(["arm-none-eabi-readelf", "-W", *map(str, words)], check=True, capture_output=True,
                          text=True).stdout


def flash_bytes(elf):
    return sum(int(fields[4], 16) for fields in map(str.split, readelf("-l", elf).splitlines())
               if fields[:1] == ["LOAD"])


def functions_and_objects(elf):
    """Counted names of the image's functions and objects."""
    rows = (line.split() for line in readelf("-s", elf).splitlines())
    return collections.Counter(row[7] for row in rows if len(row) > 7 and row[3] in ("FUNC", "OBJECT")
                               and row[6] not in ("UND", "ABS"))


def addresses(elf):
    """{name: set of (section, value, type)} of the image's functions and objects."""
    found = collections.defaultdict(set)
    for row in map(str.split, readelf("-s", elf).splitlines()):
        if len(row) > 7 and row[3] in ("FUNC", "OBJECT"):
            found[row[7]].add((row[6], int(row[1], 16), row[3]))
    return found


def decisions(report):
    return {entry["name"]: entry for entry in report["symbols"]}


def assert_adds_up(report, plain, image):
    """The report of `image`, which shares, against the two images."""
    flash = report["flash"]
    assert flash["baselineBytes"] == flash_bytes(plain)
    assert flash["linkedBytes"] == flash_bytes(image)
    assert flash["savedBytes"] == flash_bytes(plain) - flash_bytes(image)
    for side in ("baselineBytes", "linkedBytes"):
        assert sum(share[side] for share in report["flashBreakdown"]) == flash[side]
    assert collections.Counter(entry["name"] for entry in report["symbols"]) == functions_and_objects(plain)
    assert all((entry["decision"] == "SHARED") == (entry["reason"] == "") for entry in report["symbols"])


def assert_bound_to_the_rom(report, image):
    """Each shared symbol that is still in the symbol table is absolute, at the ROM's address. How many there are."""
    found, checked = addresses(image), 0
    for entry in report["symbols"]:
        if entry["decision"] != "SHARED" or entry["name"] not in found:
            continue  # a static that only shared code used is not in the symbol table
        expected = int(entry["romAddress"], 16)
        assert any(section == "ABS" and value == expected + (kind == "FUNC")
                   for section, value, kind in found[entry["name"]]), entry
        checked += 1
    return checked
