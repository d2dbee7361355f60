#!/usr/bin/python3
"""Is changed code ever taken for the same? Mutates firmware and ROM, one thing at a time, and judges what is shared.

    run.py --relink-text PROGRAM --out DIR [--count N] [--seed N] [--jobs N] [--number N] [PAIR...]

A mutant differs from a pair of a ROM and a firmware (tests/completeness/pairs.py) in one thing: in an object of the
firmware, in the bytes of the linked ROM, or in an object of the ROM, which is then linked again (objects.py, rom_bytes.py).
The mutations hit what is shared or what that rests on. subject.py judges what romlink plans to share of the mutant:

  killed       some of what was shared before no longer is, the rest is right, and sharing as before would be wrong (where
               the mutant is a ROM linked again, which may have everything elsewhere, that is not asked)
  cautious     less is shared than before, although sharing as before would be right
  equivalent   all is shared as before, and the reference says that this is right
  refused      romlink refused the link or a check of the output failed; the plan was right
  skipped      the mutant does not link, or is no longer an ELF file that can be read
  impossible   the pair has nothing of that kind
  DOUBTED      romlink's two proofs disagree, so one of them is wrong; the plan was right
  WRONG SHARE  something is shared, or would have been, that the reference does not find equal
  FAILED       romlink crashed, hung or linked what ld.lld does not

Prints a table of pair, kind and verdict; exits with 1 on the last three, or if nothing was killed. Each mutant depends on
the seed, the pair and its number only; --number makes one again. With --deaf the test tests itself: it judges the mutants
as if romlink shared the same as before, and exits with 1 unless most of them are found wrong."""
import argparse
import collections
import concurrent.futures
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "completeness")]
import engine  # noqa: E402
import pairs  # noqa: E402
import subject as S  # noqa: E402

VERDICTS = (S.KILLED, S.CAUTIOUS, S.EQUIVALENT, S.REFUSED, S.SKIPPED, S.IMPOSSIBLE, S.DOUBTED, S.WRONG, S.FAILED)


def run_pair(name, numbers, options):
    """[(number, outcome)]"""
    subject = S.Subject(name, options.out.resolve() / name, engine.Engine(options.relink_text.resolve()), options.deaf)
    outcomes = []
    for done, number in enumerate(numbers):
        outcome = subject.mutate(number, options.seed)
        outcomes.append((number, outcome))
        if options.progress and (done + 1) % 100 == 0:
            print(f"{name}: {done + 1} of {len(numbers)}", file=sys.stderr, flush=True)
        if outcome.verdict in S.BAD and not options.deaf or options.number is not None:
            again = f"run.py --relink-text {options.relink_text} --out {options.out} --seed {options.seed} --number {number} {name}"
            print(f"{outcome.verdict}: {outcome.kind}: {outcome.what}: {outcome.why}\n  again: {again}", flush=True)
    return outcomes


def table(results):
    lines = [f"{'pair':28}{'mutated':32}" + "".join(f"{v:>12}" for v in VERDICTS)]
    total, causes = collections.Counter(), collections.Counter()
    by_kind = collections.defaultdict(collections.Counter)
    for name, outcomes in results.items():
        by_pair = collections.defaultdict(collections.Counter)
        for _, outcome in outcomes:
            for counter in (by_pair[outcome.kind], by_kind[outcome.kind], total):
                counter[outcome.verdict] += 1
            if outcome.verdict in (S.SKIPPED, S.REFUSED):
                causes[outcome.verdict, outcome.why] += 1
        lines += [row(name, kind, counter) for kind, counter in sorted(by_pair.items())]
    lines += [row("all pairs", kind, counter) for kind, counter in sorted(by_kind.items())]
    lines.append(row("all pairs", "all", total))
    lines += [f"{verdict} {count}: {why}" for (verdict, why), count in sorted(causes.items())]
    return total, "\n".join(lines)


def row(name, kind, counter):
    return f"{name:28}{kind:32}" + "".join(f"{counter[v] or '-':>12}" for v in VERDICTS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relink-text", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1000, help="mutants of all pairs together")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=1, help="pairs at a time")
    parser.add_argument("--number", type=int, help="make this mutant only")
    parser.add_argument("--deaf", action="store_true", help="judge as if romlink noticed nothing")
    parser.add_argument("--progress", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("pairs", nargs="*", metavar="PAIR", help=f"default, all: {' '.join(pairs.NAMES)}")
    options = parser.parse_args()
    names = options.pairs or pairs.NAMES
    if unknown := set(names) - set(pairs.NAMES):
        parser.error(f"no such pair: {' '.join(sorted(unknown))}")
    of_pair = [range(len(range(i, options.count, len(names)))) for i in range(len(names))]
    if options.number is not None:
        of_pair = [[options.number] for _ in names]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        results = dict(zip(names, pool.map(run_pair, names, of_pair, [options] * len(names))))
    total, text = table(results)
    print(text)
    bad = sum(total[v] for v in S.BAD)
    print(f"{sum(total.values())} mutants: " + ", ".join(f"{total[v]} {v}" for v in VERDICTS if total[v]))
    if options.deaf:
        return 0 if total[S.WRONG] > sum(total.values()) / 2 else 1
    return 1 if bad or (options.number is None and not total[S.KILLED]) else 0


if __name__ == "__main__":
    sys.exit(main())
