#!/usr/bin/python3
"""Is every live function and object of a plain link in the plan, and no other?

    plan.py PLAN LINKED.elf      PLAN: what relink-text printed; LINKED.elf: ld.lld's plain link of the same inputs

Reads the image with readelf, so that nothing of romlink is trusted. Section-less and undefined symbols do not count; a
name that stands n times in the image must stand n times in the plan."""
import collections
import subprocess
import sys


def main():
    plan, image = sys.argv[1:]
    planned = collections.Counter(line.split()[0] for line in open(plan) if line.split()[1:2] in (["SHARED"], ["LOCAL"]))
    listing = subprocess.run(["llvm-readelf-19", "-sW", image], check=True, capture_output=True, text=True).stdout
    live = collections.Counter()
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 8 and words[3] in ("FUNC", "OBJECT") and words[6].isdigit() and "Thunk" not in words[7]:
            live[words[7]] += 1
    if not live:
        raise SystemExit("plan.py: the image has no symbols")
    missing, extra = live - planned, planned - live
    print(f"{sum(live.values())} live, {sum(missing.values())} missing {sorted(missing)}, "
          f"{sum(extra.values())} not live {sorted(extra)}")
    return 1 if missing or extra else 0


if __name__ == "__main__":
    sys.exit(main())
