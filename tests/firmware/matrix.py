"""The pairs of bootloader and firmware that test_matrix.py tries, and how many bytes each must save.

    matrix.pairs(full=False)

The default set has each compiler, board and linker of the bootloader, though not in every combination, the common
levels, and each special pair at least once; the full set has every combination.
"""
import dataclasses
import itertools

from build import Toolset

# Of a pair by two compilers or levels: the C library, libgcc, keys and test data, and what happens to come out equal.
LITTLE = range(3000, 8000)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A bootloader and a firmware that are built for each other."""
    board: str
    linker: str  # of the bootloader
    spe: Toolset
    rom: Toolset
    kind: str = "same"
    far: bool = False
    saves: range = range(7500, 23000)

    @property
    def name(self):
        return "-".join((self.kind, self.spe.compiler, f"O{self.spe.optimize}", self.board, self.linker))

    @property
    def objects(self):
        """Names the objects, which are the same for either linker."""
        return "-".join((self.kind, self.spe.compiler, f"O{self.spe.optimize}", self.board))


def same(compiler, optimize, board, linker, kind="same", **more):
    toolset = Toolset(compiler, optimize, **{k: more.pop(k) for k in ("sections", "flags") if k in more})
    return Pair(board, linker, toolset, toolset, kind, **more)


def mixed(rom, spe, board, linker):
    return Pair(board, linker, Toolset(*spe), Toolset(*rom), f"on-{rom[0]}-O{rom[1]}", saves=LITTLE)


BOARDS, LINKERS = ("an521", "an385"), ("gnu", "lld")
LEVELS = (("gcc", "s"), ("gcc", "1"), ("gcc", "2"), ("gcc", "3"),
          ("clang", "z"), ("clang", "s"), ("clang", "1"), ("clang", "2"), ("clang", "3"))
# Addresses by MOVW and MOVT instead of literals. Of gcc's two flags the images are the same; clang does so in any case,
# but for -Oz.
MOV_FLAGS = (("gcc", "slow-flash", "-mslow-flash-data"), ("gcc", "pure-code", "-mpure-code"),
             ("clang", "execute-only", "-mexecute-only"))


def layouts(compiler, optimize, board, linker):
    yield same(compiler, optimize, board, linker, "far", far=True)
    yield same(compiler, optimize, board, linker, "no-sections", sections=False)
    yield same(compiler, optimize, board, linker, "no-sections-far", sections=False, far=True)
    yield same(compiler, optimize, board, linker, "far-long-calls", far=True, flags=("-mlong-calls",))
    yield same(compiler, optimize, board, linker, "stack-protector", flags=("-fstack-protector-strong",))


def moves(board, linker):
    for compiler, kind, flag in MOV_FLAGS:
        if board == "an521" or compiler != "gcc":  # gcc has them for few processors
            yield same(compiler, "2", board, linker, kind, flags=(flag,))


def mixtures(board, linker):
    yield mixed(("gcc", "s"), ("clang", "2"), board, linker)
    yield mixed(("clang", "s"), ("gcc", "2"), board, linker)
    yield mixed(("gcc", "s"), ("gcc", "2"), board, linker)


def pairs(full=False):
    ends = list(itertools.product(BOARDS, LINKERS))
    if full:
        return [pair for end in ends
                for pair in (*(same(*level, *end) for level in LEVELS), *layouts("gcc", "s", *end),
                             *layouts("clang", "2", *end), *moves(*end), *mixtures(*end))]
    chosen = []
    for at, level in enumerate((("gcc", "s"), ("gcc", "2"), ("clang", "s"), ("clang", "2"))):
        chosen += [same(*level, *end) for end in (ends if at == 0 else (ends[at % 2], ends[3 - at % 2]))]
    return [*chosen, *layouts("gcc", "2", "an521", "gnu"), *list(layouts("clang", "s", "an385", "lld"))[::2],
            *list(moves("an521", "gnu"))[1:], *mixtures("an521", "lld")]
