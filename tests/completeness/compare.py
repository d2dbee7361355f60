#!/usr/bin/python3
"""Does romlink find all that is provable, and nothing else? Compares it with the reference, pair by pair.

    compare.py --relink-text PROGRAM --out DIR [PAIR...]

For each pair (pairs.py): the bytes that the reference proves, those that romlink shares and the percentage; each miss
(provable, but romlink keeps it) with romlink's reason; each extra (shared, but not provable). The reference takes unnamed
constants into account, but romlink's plan lists names only, so the figures leave them out. Exits with 1 on an extra, or if
romlink shares less than 99 % of the provable bytes of a pair."""
import argparse
import collections
import pathlib
import subprocess
import sys

import images  # makes tests/link importable
import pairs
import reference as R

LEAST = 99.0
Line = collections.namedtuple("Line", "object section symbol decision reason address detail")


def plan_of(program, rom, inputs, arguments, output):
    done = subprocess.run([program, rom, output, "--places", "--", *arguments], cwd=inputs, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"romlink does not link the pair: {done.stderr}")
    lines = []
    for text in done.stdout.splitlines():
        words = text.split(" ", 6)
        if len(words) == 7 and words[3] in ("SHARED", "LOCAL"):
            lines.append(Line(*words))
    return lines


def compare(name, program, folder):
    """Prints the comparison of a pair; whether it is good."""
    rom, inputs, arguments = pairs.build(name, folder)
    firmware = images.Firmware(inputs, arguments, folder)
    ref = R.Reference(images.Rom(rom), firmware)
    provable = ref.provable()
    lines = plan_of(program, rom, inputs, arguments, folder / "out.elf")
    listed, shared, odd = collections.defaultdict(list), {}, []
    found = collections.defaultdict(set)
    for entity in firmware.entities:
        for symbol, value in entity.symbols:
            found[entity.object, entity.section, symbol].add((entity, value))
    for line in lines:
        places = found.get((line.object, line.section, line.symbol), set())
        entities = {entity for entity, _ in places}
        for entity in entities:
            listed[entity].append(line)
        if line.decision == "SHARED" and len(entities) != 1:
            odd.append(line)
        elif line.decision == "SHARED":
            entity = entities.pop()
            bases = {int(line.address, 16) - ((v & ~1 if entity.code else v) - entity.address) for _, v in places}
            if shared.setdefault(entity, bases) & bases:
                shared[entity] &= bases
            else:
                odd.append(line)
    sharing = {(entity, min(bases)) for entity, bases in shared.items()}
    unnamed = {(e, a) for e, a in provable.items() if e not in listed}
    extras = ref.unsound(sharing | unnamed) - unnamed
    total = sum(e.size for e in provable if e in listed)
    both = sum(e.size for e in provable if e in shared)
    percent = 100 * both / total if total else 100.0
    print(f"{name}: provable {total} bytes in {len(provable) - len(unnamed)} sections, shared {sum(e.size for e in shared)}, "
          f"{percent:.2f} %, {len(unnamed)} unnamed")
    for entity, address in sorted(extras, key=lambda c: c[0].address):
        why = ref.reason[entity] or ref.why.get((entity, address), "no claim led here")
        print(f"  EXTRA {entity.size} {entity} at {address:#x}: {why}")
    for line in odd:
        print(f"  EXTRA {line.object} {line.section} {line.symbol} {line.address}: not one section at one address")
    for entity, address in sorted(provable.items(), key=lambda c: -c[0].size):
        if entity in listed and entity not in shared:
            line = listed[entity][0]
            print(f"  miss {entity.size} {entity} at {address:#x}: {line.reason} {line.detail}")
    return not extras and not odd and percent >= LEAST and total > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relink-text", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("pairs", nargs="*", help=f"default: {' '.join(pairs.NAMES)}")
    options = parser.parse_args()
    bad = []
    for name in options.pairs or pairs.NAMES:
        folder = options.out.resolve() / name
        folder.mkdir(parents=True, exist_ok=True)
        if not compare(name, options.relink_text.resolve(), folder):
            bad.append(name)
        sys.stdout.flush()
    print(f"{len(bad)} pairs with extras or below {LEAST} %: {' '.join(bad)}" if bad else "all pairs are good")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
