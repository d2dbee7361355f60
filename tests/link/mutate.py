#!/usr/bin/python3
"""Is a changed firmware ever given the ROM's unchanged code? Mutates the test firmware, one thing at a time.

    mutate.py --relink-text PROGRAM --out DIR [--count N] [--seed N] [--rom-linker gnu|lld]

A mutant changes one byte of an instruction, a table or a string outside of relocated fields, the symbol or the addend of
a relocation, or a symbol's value, in something that the unchanged firmware takes from the ROM. The oracle is this file's
own: a graph of the firmware's sections by their relocations (elf.py) says what holds the change or reaches it; nothing
of that may be SHARED in the mutant's plan. Prints how many mutants were killed, were equivalent by the ROM's own bytes,
were refused after the link by romlink's check of the output, or were skipped because a plain ld.lld does not link them.
Exits with 1 on a wrong share or a failure of the relinker."""
import argparse
import collections
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "completeness"))
import elf as E  # noqa: E402

Node = collections.namedtuple("Node", "object section")  # lld's object name, section index


def prepare(build, inputs):
    """Copies the inputs of spe-link.args to one folder; the arguments with names relative to it."""
    arguments, folders = [], []
    words = iter((build / "spe-link.args").read_text().splitlines())
    for word in words:
        if word == "-L":
            folders.append(pathlib.Path(next(words)))
        elif word.startswith("-l"):
            library = next(f / f"lib{word[2:]}.a" for f in folders if (f / f"lib{word[2:]}.a").exists())
            shutil.copy(library, inputs)
            arguments.append(library.name)
        elif word.startswith("/"):
            shutil.copy(word, inputs)
            arguments.append(pathlib.Path(word).name)
        else:
            arguments.append(word)
    return arguments


class Firmware:
    """The live sections of the plain link and who refers to whom."""

    def __init__(self, inputs, arguments, scratch):
        link = ["ld.lld-19", *arguments, "-o", scratch / "plain.elf", f"-Map={scratch / 'plain.map'}"]
        subprocess.run(link, cwd=inputs, check=True, stderr=subprocess.DEVNULL)
        self.objects, self.files = {}, {}
        for path in sorted(inputs.iterdir()):
            if path.suffix in (".o", ".a"):
                found = E.objects(path)
                self.objects.update(found)
                self.files.update({name: path for name in found})
        placed = collections.defaultdict(list)
        for line in (scratch / "plain.map").read_text().splitlines()[1:]:
            words = line.split()
            if len(words) == 5 and ":(" in words[4] and words[4].endswith(")"):
                placed[tuple(words[4][:-1].rsplit(":(", 1))].append(int(words[0], 16))
        self.live, self.address = set(), {}
        for name, obj in self.objects.items():
            names = collections.Counter(s.name for s in obj.sections)
            for index, section in enumerate(obj.sections):
                here = placed.get((name, section.name), [])
                merged = section.flags & E.SHF_MERGE
                if section.flags & E.SHF_ALLOC and section.size and (merged or len(here) == names[section.name] == 1):
                    self.live.add(Node(name, index))
                    self.address[Node(name, index)] = None if merged else here[0]
        image = E.Elf((scratch / "plain.elf").read_bytes())
        self.linked = collections.defaultdict(set)
        for symbol in image.symbols:
            self.linked[symbol.name].add(symbol.place())
        self.definitions = collections.defaultdict(list)
        for name, obj in self.objects.items():
            for symbol in obj.symbols:
                if not symbol.local and 0 < symbol.section < 0xff00:
                    self.definitions[symbol.name].append((Node(name, symbol.section), symbol))
        self.users = collections.defaultdict(set)
        for node in self.live:
            for relocation in self.section(node).relocations:
                if target := self.target(node, relocation[2]):
                    self.users[target[0]].add(node)

    def section(self, node):
        return self.objects[node.object].sections[node.section]

    def content(self, node):
        return self.objects[node.object].content(self.section(node))

    def target(self, node, index):
        """(node, symbol) that the symbol of this index means in the plain link, or None."""
        symbol = self.objects[node.object].symbols[index]
        if symbol.local:
            found = Node(node.object, symbol.section)
            return (found, symbol) if found in self.live else None
        for found, definition in self.definitions[symbol.name]:
            if found in self.live and self.address[found] is not None and \
                    self.address[found] + definition.place() in self.linked[symbol.name]:
                return found, definition
        return None

    def reaching(self, nodes):
        reached, queue = set(nodes), list(nodes)
        while queue:
            for user in self.users[queue.pop()] - reached:
                reached.add(user)
                queue.append(user)
        return reached


class Mutator:
    """Each kind returns (object, offset in it, new bytes, nodes that are changed, is it equivalent), or None."""

    def __init__(self, firmware, rom, shared, chance):
        self.fw, self.rom, self.shared, self.chance = firmware, rom, shared, chance
        self.nodes = sorted(shared)

    def pick(self, wanted=lambda node: True):
        return self.chance.choice([n for n in self.nodes if wanted(n)] or [None])

    def edit(self, node, offset, new, changed, equivalent=False):
        return node.object, self.fw.section(node).offset + offset, new, changed, equivalent

    def equal_in_rom(self, node, address):
        section, ours = self.fw.section(node), self.fw.content(node)
        theirs, skip = self.rom.at(address, section.size), section.relocated()
        return len(theirs) == len(ours) and all(a == b for i, (a, b) in enumerate(zip(ours, theirs)) if i not in skip)

    def byte(self, executable):
        node = self.pick(lambda n: bool(self.fw.section(n).flags & E.SHF_EXEC) == executable)
        free = node and sorted(set(range(self.fw.section(node).size)) - self.fw.section(node).relocated())
        if not free:
            return None
        at = self.chance.choice(free)
        return self.edit(node, at, bytes([self.fw.content(node)[at] ^ self.chance.randrange(1, 256)]), {node})

    def instruction(self):
        return self.byte(True)

    def table(self):
        return self.byte(False)

    def relocation(self, wanted):
        choices = [(n, r, t) for n in self.nodes for r in self.fw.section(n).relocations
                   if (t := self.fw.target(n, r[2])) and wanted(r, t)]
        return self.chance.choice(choices) if choices else None

    def string(self):
        merged = lambda r, t: r[1] == E.ABS32 and self.fw.section(t[0]).flags & E.SHF_STRINGS and \
            self.fw.section(t[0]).entry == 1
        if not (found := self.relocation(merged)):
            return None
        node, (place, _, _, _), (target, symbol) = found
        text = self.fw.content(target)
        at = symbol.place() + int.from_bytes(self.fw.content(node)[place:place + 4], "little")
        length = text.index(b"\0", at) - at
        if not length:
            return None
        at += self.chance.randrange(length)
        return self.edit(target, at, bytes([text[at] ^ 1 or 2]), {node})  # never makes a terminator

    def symbol_of_relocation(self):
        branch = lambda r, t: r[1] in (E.THM_CALL, E.THM_JUMP24) and t[0] in self.shared
        if not (found := self.relocation(branch)):
            return None
        node, (_, kind, index, record), (target, old) = found
        obj = self.fw.objects[node.object]
        others = [i for i, s in enumerate(obj.symbols) if i != index and s.name != obj.symbols[index].name
                  and (t := self.fw.target(node, i)) and t[1].type == E.STT_FUNC and t[0] != target]
        if not others:
            return None
        other = self.chance.choice(others)
        now, symbol = self.fw.target(node, other)
        return (node.object, record + 4, (kind | other << 8).to_bytes(4, "little"), {node},
                self.equal_in_rom(now, self.shared[target] + old.place() - symbol.place()))

    def addend(self):
        word = lambda r, t: r[1] == E.ABS32 and t[0] in self.shared
        if not (found := self.relocation(word)):
            return None
        node, (place, _, _, _), (target, _) = found
        step = self.chance.choice((2, 4, -2, -4))
        value = int.from_bytes(self.fw.content(node)[place:place + 4], "little") + step
        return self.edit(node, place, (value & 0xffffffff).to_bytes(4, "little"), {node},
                         self.equal_in_rom(target, self.shared[target] - step))

    def symbol_value(self):
        if not (found := self.relocation(lambda r, t: t[0] in self.shared and t[1].type == E.STT_FUNC)):
            return None
        _, _, (target, symbol) = found
        users = {n for n in self.fw.live for r in self.fw.section(n).relocations
                 if self.fw.target(n, r[2]) == (target, symbol)}
        return (target.object, symbol.record + 4, (symbol.value + 2).to_bytes(4, "little"), users,
                self.equal_in_rom(target, self.shared[target] - 2))


def shared_in(plan, firmware):
    """Node -> ROM address of its start, from relink-text --places."""
    offsets = {(n.object, firmware.section(n).name): n for n in firmware.live}
    shared = {}
    for line in plan.splitlines():
        words = line.split()
        if len(words) >= 6 and words[3] == "SHARED" and (node := offsets.get((words[0], words[1]))):
            address = int(words[5], 16)
            shared[node] = min(address, shared.get(node, address))
    return shared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--relink-text", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rom-linker", default="gnu")
    options = parser.parse_args()
    build = options.out.resolve()
    subprocess.run([sys.executable, HERE.parent / "firmware" / "build.py", "--out", build, "--linker", options.rom_linker], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        return run(options, build, pathlib.Path(scratch))


def run(options, build, scratch):
    inputs = scratch / "inputs"
    inputs.mkdir()
    arguments = prepare(build, inputs)
    command = [options.relink_text.resolve(), build / "rom.elf", scratch / "out.elf", "--places", "--", *arguments]
    relink = lambda: subprocess.run(command, cwd=inputs, capture_output=True, text=True)
    firmware = Firmware(inputs, arguments, scratch)
    first = relink()
    shared = shared_in(first.stdout, firmware)
    if first.returncode or len(shared) < 20:
        raise SystemExit(f"mutate.py: the unchanged firmware shares {len(shared)} sections: {first.stderr}")
    chance = random.Random(options.seed)
    mutator = Mutator(firmware, E.Elf((build / "rom.elf").read_bytes()), shared, chance)
    kinds = [mutator.instruction, mutator.table, mutator.string, mutator.symbol_of_relocation, mutator.addend,
             mutator.symbol_value]
    counts, failures = collections.Counter(), 0
    for number in range(options.count):
        kind = kinds[number % len(kinds)]
        mutant = kind()
        if mutant is None or mutant[4]:
            counts[kind.__name__, "impossible" if mutant is None else "equivalent"] += 1
            continue
        name, offset, new, changed, _ = mutant
        path = firmware.files[name]
        original = path.read_bytes()
        start = firmware.objects[name].start + offset
        path.write_bytes(original[:start] + new + original[start + len(new):])
        done = relink()
        verdict = "killed"
        if done.returncode:
            plain = subprocess.run(["ld.lld-19", *arguments, "-o", scratch / "plain.elf"], cwd=inputs, capture_output=True)
            noticed = done.returncode == 1 and "a check of the linked image failed" in done.stderr
            verdict = "skipped" if plain.returncode else "refused" if noticed else "FAILED"
        elif wrong := sorted(firmware.reaching(changed) & shared_in(done.stdout, firmware).keys()):
            verdict = "WRONG SHARE"
        path.write_bytes(original)
        counts[kind.__name__, verdict] += 1
        if verdict in ("FAILED", "WRONG SHARE", "refused"):
            failures += verdict != "refused"
            what = ", ".join(f"{n.object}:({firmware.section(n).name})" for n in wrong) if verdict == "WRONG SHARE" else \
                done.stderr.strip().splitlines()[:1]
            print(f"{verdict}: mutant {number}, {kind.__name__} of {name} at {start:#x} to {new.hex()}: {what}")
    for (kind, verdict), count in sorted(counts.items()):
        print(f"{kind}: {verdict} {count}")
    total = collections.Counter()
    for (_, verdict), count in counts.items():
        total[verdict] += count
    print(f"{len(shared)} sections shared at first; " + ", ".join(f"{n} {v}" for v, n in sorted(total.items())))
    return 1 if failures or not total["killed"] else 0


if __name__ == "__main__":
    sys.exit(main())
