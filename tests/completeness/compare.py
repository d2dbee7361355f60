#!/usr/bin/python3
"""Does romlink find all that is provable, and nothing else? Compares it with the reference, pair by pair.

    compare.py --relink-text PROGRAM --out DIR [--mutants N] [PAIR...]

For each pair (pairs.py): the bytes that the reference proves, those that romlink shares and the percentage; each miss
(provable, but romlink keeps it) with romlink's reason; each extra (shared, but not provable). Then the same a few times
with one bit of the ROM changed, in something shared, or with an advisory for something shared. Exits with 1 on an extra, or if romlink shares less than 99 % of the
provable bytes of a pair."""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import subprocess
import sys

import images
import pairs
import reference as R

LEAST = 99.0
Line = collections.namedtuple("Line", "object section symbol decision reason address detail")


def plan_of(program, rom, pair, defects=()):
    """What relink-text says of its plan: (names and decisions, {(object, section, address): address in the ROM})."""
    command = [program, rom, pair.folder / "out.elf", *pair.options, *(f"--defect=X:{name}" for name in defects),
               "--places", "--sections", "--", *pair.arguments]
    done = subprocess.run(command, cwd=pair.inputs, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"romlink does not link the pair {pair.name}: {done.stderr}")
    return read_plan(done.stdout)


def read_plan(text):
    lines, shares = [], {}
    for line in text.splitlines():
        words = line.split(" ", 6)
        if words[0] == "shares" and len(words) == 5:
            shares[words[1], words[2], int(words[3], 16)] = int(words[4], 16)
        elif len(words) == 7 and words[3] in ("SHARED", "LOCAL"):
            lines.append(Line(*words))
    return lines, shares


def sharing_of(firmware, shares):
    """({(entity, address)} that romlink shares, what is no entity of the plain link)."""
    entities = {(e.object, e.section, e.address): e for e in firmware.entities if e.size}
    return ({(entities[place], address) for place, address in shares.items() if place in entities},
            sorted(shares.keys() - entities.keys()))


class Comparison:
    """What the reference and romlink say of one ROM and firmware."""

    def __init__(self, program, rom, pair, firmware, defects=()):
        image = images.Rom(rom)
        self.ref = R.Reference(image, firmware, pair.shared_ram, [place for name in defects for place in image.names[name]])
        self.provable = self.ref.provable()
        self.lines, shares = plan_of(program, rom, pair, defects)
        self.sharing, self.odd = sharing_of(firmware, shares)
        self.shared = {entity for entity, _ in self.sharing}
        self.extras = self.ref.unsound(self.sharing)
        self.missed = sorted(self.provable.keys() - self.shared, key=lambda e: -e.size)
        self.total = sum(e.size for e in self.provable)
        self.percent = 100 - 100 * sum(e.size for e in self.missed) / self.total if self.total else 0.0

    def why(self, entity):
        """romlink's reason to keep it."""
        names = {name for name, _ in entity.symbols}
        return next((f"{line.reason} {line.detail}" for line in self.lines
                     if (line.object, line.section) == (entity.object, entity.section) and line.symbol in names),
                    "unnamed")

    def is_good(self):
        return not self.extras and not self.odd and self.percent >= LEAST

    def __str__(self):
        shared = sum(e.size for e in self.shared)
        text = [f"provable {self.total} bytes in {len(self.provable)} sections, shared {shared}, "
                f"{self.percent:.2f} %"]
        for entity, address in sorted(self.extras, key=lambda c: c[0].address):
            why = self.ref.reason[entity] or self.ref.why.get((entity, address), "no claim, or another has the address")
            text.append(f"  EXTRA {entity.size} {entity} at {address:#x}: {why}")
        for name, section, address in self.odd:
            text.append(f"  EXTRA {name}:({section}) at {address:#x}: no section of the plain link")
        for entity in self.missed:
            text.append(f"  miss {entity.size} {entity} at {self.provable[entity]:#x}: {self.why(entity)}")
        return "\n".join(text)


def compare(name, program, folder, mutants):
    """(is the pair good, the text of the comparison)."""
    pair = pairs.build(name, folder)
    rom, firmware = pair.rom, images.Firmware(pair.inputs, pair.arguments, folder)
    first = Comparison(program, rom, pair, firmware)
    text, good = [f"{name}: {first}"], first.is_good()
    chance, original = random.Random(name), rom.read_bytes()
    targets, lost, unnoticed = sorted((c for c in first.sharing if not c[0].writable), key=lambda c: c[1]), 0, 0
    mutant = folder / "mutant.elf"
    for _ in range(mutants if targets else 0):
        entity, address = chance.choice(targets)
        address += chance.randrange(entity.size)
        at, bit = images.Rom(rom).offset(address), 1 << chance.randrange(8)
        mutant.write_bytes(original[:at] + bytes([original[at] ^ bit]) + original[at + 1:])
        changed = Comparison(program, mutant, pair, firmware)
        lost += len(first.shared - changed.shared)
        unnoticed += first.sharing == changed.sharing
        if changed.extras or changed.odd or set(changed.missed) - set(first.missed):
            text.append(f"{name}, bit {bit:#x} at {address:#x} of the ROM changed: {changed}")
            good = good and not changed.extras and not changed.odd
    named = sorted({name for entity, _ in first.sharing if entity.code for name, _ in entity.symbols} &
                   images.Rom(rom).names.keys())
    for name in chance.sample(named, min(mutants, len(named))):
        defective = Comparison(program, rom, pair, firmware, [name])
        lost += len(first.shared - defective.shared)
        unnoticed += first.sharing == defective.sharing
        if not defective.is_good():
            text.append(f"advisory for {name}: {defective}")
            good = False
    good = good and not unnoticed
    if mutants:
        text.append(f"  {mutants} changed ROMs and {mutants} advisories: {lost} sections less in all, {unnoticed} without effect")
    return good, "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relink-text", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--mutants", type=int, default=2, help="changed ROMs and advisories for each pair")
    parser.add_argument("pairs", nargs="*", metavar="PAIR", help=f"default, all: {' '.join(pairs.NAMES)}")
    options = parser.parse_args()
    names, bad = options.pairs or pairs.NAMES, []
    if unknown := set(names) - set(pairs.NAMES):
        parser.error(f"no such pair: {' '.join(sorted(unknown))}")
    folders = [options.out.resolve() / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        program = options.relink_text.resolve()
        work = pool.map(lambda name, folder: compare(name, program, folder, options.mutants), names, folders)
        for name, (good, text) in zip(names, work):
            print(text, flush=True)
            bad += [] if good else [name]
    print(f"{len(bad)} pairs with an extra or below {LEAST} %: {' '.join(bad)}" if bad else "all pairs are good")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
