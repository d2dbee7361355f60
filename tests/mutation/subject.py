"""One pair under mutation: what it shares unchanged, what that rests on, and what each mutant may change there.

The judge of a mutant is the reference of tests/completeness, computed anew from the mutant's own plain link and ROM: it
compares bytes, follows every relocation and shares no code with romlink."""
import dataclasses
import random
import subprocess

import compare
import engine
import images
import mutant
import objects
import pairs
import reference as R
import rom_bytes

KILLED, CAUTIOUS, EQUIVALENT, REFUSED, SKIPPED = "killed", "cautious", "equivalent", "refused", "skipped"
IMPOSSIBLE, DOUBTED, WRONG, FAILED = "impossible", "DOUBTED", "WRONG SHARE", "FAILED"
BAD = (DOUBTED, WRONG, FAILED)


@dataclasses.dataclass
class Outcome:
    kind: str
    verdict: str
    what: str = ""
    why: str = ""


def cpu_of(name):
    spec = pairs.PROGRAMS.get(name)
    return spec.cpu if spec else ("-mcpu=cortex-m3",) if name.startswith("an385") else pairs.M33


def twin(name):
    """The name of an object that stands for the same source in both images."""
    return name.replace("libcrypto-rom", "libcrypto").replace("libcrypto-spe", "libcrypto")


class Subject:
    """`deaf`: the mutants are judged as if romlink shared the same as before, whatever has changed."""

    def __init__(self, name, folder, relink, deaf=False):
        self.pair, self.relink, self.answer = pairs.build(name, folder), relink, None
        self.mutant_rom = folder / "mutant.elf"
        self.firmware = images.Firmware(self.pair.inputs, self.pair.arguments, folder)
        self.base = R.Reference(images.Rom(self.pair.rom), self.firmware, self.pair.shared_ram)
        answer = code, shares, error, doubts = self.engine(self.pair.rom, self.pair.arguments)
        self.answer = answer if deaf else None
        self.sharing, odd = compare.sharing_of(self.firmware, shares)
        if code or odd or doubts or len(self.sharing) < 20 or self.base.unsound(self.sharing):
            raise SystemExit(f"{name} without a mutation: {len(self.sharing)} sections shared, {error} {doubts}")
        self.before = {self.key(e): address for e, address in self.sharing}
        levels = self.levels()
        support, deep = set().union(*levels), {e for level in levels[3:] for e, _ in level}
        entities, cpu = {e for e, _ in support}, cpu_of(name)
        rom_model = images.Firmware(self.pair.rom_inputs, self.pair.rom_arguments, folder)
        alike = {(twin(e.object), e.section, e.size): e in deep for e in entities}
        rom_nodes = {e: alike[key] for e in rom_model.entities if (key := (twin(e.object), e.section, e.size)) in alike}
        self.sides = {
            "firmware": objects.ObjectMutations(self.firmware, entities, deep, self.pair.arguments, self.pair.inputs,
                                                folder, cpu),
            "ROM": rom_bytes.RomMutations(self.firmware, self.base, support, deep, self.mutant_rom),
            "ROM's objects": objects.ObjectMutations(rom_model, rom_nodes, {e for e, is_deep in rom_nodes.items() if is_deep},
                                                     self.pair.rom_arguments, self.pair.rom_inputs, folder, cpu),
        }
        self.kinds = [(side, kind) for side, mutations in self.sides.items() for kind in mutations.KINDS]

    @staticmethod
    def key(entity):
        return entity.object, entity.section, entity.symbols[0][0] if entity.symbols else ""

    def engine(self, rom, arguments):
        return self.answer or self.relink.relink(self.pair.inputs, rom, self.pair.folder / "out.elf", arguments,
                                                 self.pair.options)

    def levels(self):
        """The claims that are shared, those that they need, those that these need, and so on; each once."""
        levels, seen = [set(self.sharing)], set(self.sharing)
        while levels[-1]:
            needed = {(target, place) for claim in levels[-1] for _, target, places in self.base.claims[claim]
                      for place in places if (target, place) in self.base.claims} - seen
            seen |= needed
            levels.append(needed)
        # What is shared itself may be deep down as well.
        third = set(self.sharing)
        for _ in range(3):
            third = {(target, place) for claim in third for _, target, places in self.base.claims[claim]
                     for place in places if (target, place) in self.base.claims}
        return [*(levels + [set()] * 4)[:3], third, *levels[3:]]

    def mutate(self, number, seed):
        """Makes the mutant of this number, judges it, and undoes it. Each kind comes up once in a round of numbers."""
        turn, at = divmod(number, len(self.kinds))
        side, kind = random.Random(f"{seed} {self.pair.name} {turn}").sample(self.kinds, len(self.kinds))[at]
        chance = random.Random(f"{seed} {self.pair.name} number {number}")
        mutations, label = self.sides[side], f"{side}: {kind.__name__}"
        mutations.chance = chance
        if side == "ROM":
            self.mutant_rom.write_bytes(self.pair.rom.read_bytes())
        made = next(filter(None, (kind(mutations) for _ in range(5))), None)
        if not made:
            return Outcome(label, IMPOSSIBLE)
        undo = mutant.apply(made.edits)
        try:
            verdict, why = getattr(self, {"firmware": "judge_firmware", "ROM": "judge_rom"}.get(side, "judge_linked"))(made)
        finally:
            mutant.apply(undo)
        return Outcome(label, verdict, made.what, why)

    def judge_firmware(self, made):
        arguments = made.arguments or self.pair.arguments
        answer = self.engine(self.pair.rom, arguments)
        try:
            firmware = images.Firmware(self.pair.inputs, arguments, self.pair.folder)
        except subprocess.CalledProcessError:
            return (SKIPPED, "the plain link fails") if answer[0] else (FAILED, "linked, although ld.lld does not")
        return self.judge(answer, firmware, self.pair.rom, made.differs)

    def judge_rom(self, made):
        return self.judge(self.engine(self.mutant_rom, self.pair.arguments), self.firmware, self.mutant_rom, made.differs)

    def judge_linked(self, made):
        if self.pair.link_rom(self.mutant_rom, made.arguments):
            return SKIPPED, "the ROM does not link"
        return self.judge(self.engine(self.mutant_rom, self.pair.arguments), self.firmware, self.mutant_rom, None, True)

    def judge(self, answer, firmware, rom, differs, moved=False):
        code, shares, error, doubts = answer
        sharing, odd = compare.sharing_of(firmware, shares)
        reference = R.Reference(images.Rom(rom), firmware, self.pair.shared_ram)
        if wrong := [*odd, *sorted(reference.unsound(sharing), key=lambda c: c[1])]:
            claim = wrong[0]
            return WRONG, f"{claim}: {'no such section' if odd else reference.reason[claim[0]] or reference.why.get(claim, '')}"
        after = {self.key(e): address for e, address in sharing}
        if differs and after.get(self.key(differs), -1) == self.before.get(self.key(differs)):
            return WRONG, f"{differs} is shared at {after[self.key(differs)]:#x} as before"
        if doubts:
            return DOUBTED, doubts[0]
        if code == 3:
            return SKIPPED, engine.cause(error)
        if code:
            return REFUSED if code in (1, 2) else FAILED, engine.cause(error) or f"exit code {code}"
        lost = self.before.keys() - after.keys() if moved else self.before.items() - after.items()
        if lost and not moved:
            unchanged = {(e, self.before[self.key(e)]) for e in firmware.entities if self.key(e) in self.before}
            return KILLED if reference.unsound(unchanged) else CAUTIOUS, ""
        return KILLED if lost else EQUIVALENT, ""
