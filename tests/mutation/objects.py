"""Mutations of the objects that an image is linked from: of the firmware, or of the ROM before it is linked again.

Each kind changes one thing and returns a Mutant, or None where there is nothing of that kind."""
import re
import subprocess

import fields as F
import thumb
from images import E
from mutant import STT_NOTYPE, Mutant, symbol_record

STB_WEAK = 2
WORDS = {2, 3, 38, 42}  # ABS32, REL32, TARGET1, PREL31
BRANCHES = {10, 30, 51}
ALIKE = {2: (3, 38, 42), 3: (2, 42), 10: (30,), 30: (10, 51), 47: (48,), 48: (47,), 102: (103,), 103: (102,)}


class ObjectMutations:
    """`model`: images.Firmware of the link. `nodes`: what may be changed, entities. `deep`: those three calls down."""

    def __init__(self, model, nodes, deep, arguments, folder, scratch, cpu):
        self.model, self.arguments, self.folder, self.scratch, self.cpu = model, arguments, folder, scratch, cpu
        self.named = sorted((n for n in nodes if n in model.origin), key=lambda e: (e.object, e.section, e.address))
        self.nodes = [n for n in self.named if n.content]
        self.deep = [n for n in self.nodes if n in deep]
        self.code = [n for n in self.nodes if n.code]
        self.data = [n for n in self.nodes if not n.code]
        self.parts = {n: thumb.regions(*model.origin[n]) for n in self.code}
        self.literals = [(n, start, end) for n in self.code for start, end, code in self.parts[n] if not code]
        self.crowded = [n for n in self.nodes if len({value & ~1 for _, value in n.symbols}) > 1]
        self.chance = None  # set before each mutant

    # What the kinds are made of.

    def pick(self, choices):
        return self.chance.choice(choices) if choices else None

    def edit(self, entity, offset, new):
        """Bytes of a section, by their offset in it."""
        obj, section = self.model.origin[entity]
        return self.model.file[entity.object], obj.start + section.offset + offset, bytes(new)

    def record(self, entity, at_and_bytes):
        """Bytes of an object, by their offset in it."""
        obj, _ = self.model.origin[entity]
        return self.model.file[entity.object], obj.start + at_and_bytes[0], at_and_bytes[1]

    def source(self, entity):
        obj, section = self.model.origin[entity]
        return obj, section, obj.content(section)

    def flip(self, entity, offset, bits, size=2):
        """Some of these bits of a little-endian number become others, outside of relocated fields."""
        _, section, content = self.source(entity)
        if not bits or set(range(offset, offset + size)) & section.relocated():
            return None
        choices = [1 << i for i in range(size * 8) if bits >> i & 1]
        change = sum(self.chance.sample(choices, min(len(choices), self.chance.choice((1, 1, 2, 3)))))
        new = int.from_bytes(content[offset:offset + size], "little") ^ change
        return Mutant(f"{entity} +{offset:#x} ^ {change:#x}", [self.edit(entity, offset, new.to_bytes(size, "little"))],
                      differs=None if entity.writable else entity)

    def byte(self, entity, start, end):
        _, section, _ = self.source(entity)
        free = sorted(set(range(start, min(end, section.size))) - section.relocated())
        return self.flip(entity, self.chance.choice(free), 0xff, 1) if free else None

    def code_of(self, entity):
        content = self.source(entity)[2]
        return [i for start, end, code in self.parts[entity] if code for i in thumb.instructions(content, start, end)]

    def relocations(self, wanted):
        return [(n, r) for n in self.nodes for r in self.model.origin[n][1].relocations if wanted(n, r)]

    def symbols(self, wanted=lambda symbol: True):
        """(entity, symbol) of the functions and objects of the nodes."""
        found = []
        for node in self.named:
            obj, section = self.model.origin[node]
            index = obj.sections.index(section)
            found += [(node, s) for s in obj.symbols
                      if s.section == index and s.name and s.name[0] != "$" and s.type < E.STT_SECTION and wanted(s)]
        return found

    # The kinds.

    def instruction(self):
        node = self.pick(self.code)
        at = node and self.pick(self.code_of(node))
        return at and self.flip(node, at[0] + self.chance.choice((0, at[1] - 2)), 0xffff)

    def immediate(self):
        node = self.pick(self.code)
        content = node and self.source(node)[2]
        found = node and self.pick([i for at, size in self.code_of(node) if (i := thumb.immediate(content, at, size))])
        return found and self.flip(node, *found)

    def literal(self):
        found = self.pick(self.literals)
        return found and self.byte(*found)

    def table(self):
        node = self.pick(self.data)
        return node and self.byte(node, 0, node.size)

    def neighbour(self):
        """A byte of one of several functions or objects of a section."""
        node = self.pick(self.crowded)
        if not node:
            return None
        places = sorted({(value & ~1 if node.code else value) - node.address for _, value in node.symbols})
        at = self.chance.randrange(len(places))
        return self.byte(node, places[at], [*places[1:], node.size][at])

    def callee(self):
        """Something three references away from what is shared."""
        node = self.pick(self.deep)
        return node and self.byte(node, 0, node.size)

    def string(self):
        def merged(node, relocation):
            obj = self.model.origin[node][0]
            symbol = obj.symbols[relocation[2]]
            flags = obj.sections[symbol.section].flags if 0 < symbol.section < len(obj.sections) else 0
            return flags & E.SHF_STRINGS and obj.sections[symbol.section].entry == 1 and \
                relocation[1] in (*WORDS, F.MOVW)
        if not (found := self.pick(self.relocations(merged))):
            return None
        node, (place, kind, index, _) = found
        obj, section, content = self.source(node)
        symbol = obj.symbols[index]
        table = obj.sections[symbol.section]
        text = obj.content(table)
        at = symbol.value + (int.from_bytes(content[place:place + 4], "little") if kind != F.MOVW else
                             F.immediate16(content[place:place + 4])[1])
        end = text.find(b"\0", at)
        if not 0 <= at <= end:
            return None
        if self.chance.random() < 0.2 and end + 1 < len(text):  # longer: the next string continues it
            at, new = end, b"+"
        elif end == at:
            return None
        elif self.chance.random() < 0.2:  # shorter
            at, new = self.chance.randrange(at, end), b"\0"
        else:
            at = self.chance.randrange(at, end)
            new = bytes([text[at] ^ self.chance.randrange(1, 256)])
        return Mutant(f"{node} +{place:#x}: its string at {at:#x} of {table.name} to {new!r}",
                      [(self.model.file[node.object], obj.start + table.offset + at, new)])

    def relocation_target(self):
        if not (found := self.pick(self.relocations(lambda n, r: r[1]))):
            return None
        node, (place, kind, index, record) = found
        obj = self.model.origin[node][0]
        old = obj.symbols[index]
        others = [i for i, s in enumerate(obj.symbols) if i not in (0, index) and s.name[:1] != "$"
                  and s.type in (old.type, STT_NOTYPE, E.STT_FUNC, E.STT_OBJECT, E.STT_SECTION)]
        alike = [i for i in others if obj.symbols[i].type == old.type]
        new = self.pick(alike if alike and self.chance.random() < 0.7 else others)
        return new and Mutant(f"{node} +{place:#x}: {old.name or 'a section'} becomes {obj.symbols[new].name or 'a section'}",
                              [self.record(node, (record + 4, (kind | new << 8).to_bytes(4, "little")))])

    def addend(self):
        known = lambda n, r: r[1] in WORDS or r[1] in BRANCHES or r[1] in (F.MOVW, F.MOVT)
        if not (found := self.pick(self.relocations(known))):
            return None
        node, (place, kind, _, _) = found
        content = self.source(node)[2]
        if kind in WORDS:
            value = int.from_bytes(content[place:place + 4], "little")
            step = self.chance.choice((1, 2, 4, 8, 16, 0x100, -1, -2, -4, -8, 0x1000))
            return Mutant(f"{node} +{place:#x}: {step:+}",
                          [self.edit(node, place, (value + step & 0xffffffff).to_bytes(4, "little"))])
        half = int.from_bytes(content[place + 2:place + 4], "little") ^ (1 << self.chance.randrange(8))
        return Mutant(f"{node} +{place:#x}: the addend of an instruction",
                      [self.edit(node, place + 2, half.to_bytes(2, "little"))])

    def relocation_type(self):
        if not (found := self.pick(self.relocations(lambda n, r: r[1]))):
            return None
        node, (place, kind, index, record) = found
        alike = [k for k in (ALIKE.get(kind, ()) or E.WIDTH) if k != kind]
        new = self.chance.choice(alike if self.chance.random() < 0.8 else [40, 41, 96, 104, 132, 200])
        return Mutant(f"{node} +{place:#x}: relocation type {kind} to {new}",
                      [self.record(node, (record + 4, (new | index << 8).to_bytes(4, "little")))])

    def alignment(self):
        node = self.pick(self.nodes)
        if not node:
            return None
        _, section, _ = self.source(node)
        new = self.chance.choice([n for n in (1, 2, 4, 8, 16) if n != section.align])
        return Mutant(f"{node}: alignment {section.align} to {new}",
                      [self.record(node, (section.header + 32, new.to_bytes(4, "little")))])

    def number(self):
        """A constant that the linker script defines."""
        script = self.folder / self.arguments[self.arguments.index("-T") + 1]
        found = self.pick([m for m in re.finditer(r"^\s*\w+ = (\w+);", script.read_text(), re.M) if m[1][0].isdigit()])
        if not found:
            return None
        new = self.chance.choice([d for d in "123456789" if d != found[1][-1]])
        return Mutant(f"{found[0].strip()} ends with {new}", [(script, found.end(1) - 1, new.encode())])

    def symbol_size(self):
        if not (found := self.pick(self.symbols())):
            return None
        node, symbol = found
        size = self.chance.choice([s for s in (0, 1, 2, symbol.size // 2, symbol.size + 2, symbol.size * 2 + 4, 1 << 20)
                                   if s != symbol.size])
        return Mutant(f"{node} {symbol.name}: size {symbol.size} to {size}", [self.record(node, symbol_record(symbol, size=size))])

    def symbol_type(self):
        if not (found := self.pick(self.symbols())):
            return None
        node, symbol = found
        kind = self.chance.choice([k for k in (STT_NOTYPE, E.STT_OBJECT, E.STT_FUNC) if k != symbol.type])
        binding = 0 if symbol.local else 1
        return Mutant(f"{node} {symbol.name}: type {symbol.type} to {kind}",
                      [self.record(node, symbol_record(symbol, info=binding << 4 | kind))])

    def thumb_bit(self):
        if not (found := self.pick(self.symbols(lambda s: s.type == E.STT_FUNC))):
            return None
        node, symbol = found
        return Mutant(f"{node} {symbol.name}: without the Thumb bit",
                      [self.record(node, symbol_record(symbol, value=symbol.value ^ 1))])

    def symbol_value(self):
        if not (found := self.pick(self.symbols())):
            return None
        node, symbol = found
        step = self.chance.choice([s for s in (2, 4, -2, -4, 8) if symbol.value + s >= 0])
        return Mutant(f"{node} {symbol.name}: value {step:+}",
                      [self.record(node, symbol_record(symbol, value=symbol.value + step))])

    def weak_override(self):
        """Another object defines a symbol that is weak now, or that the linker would have taken from an archive."""
        if not (found := self.pick(self.symbols(lambda s: not s.local and s.type))):
            return None
        node, symbol = found
        archive = "(" in node.object
        weaken = not archive or self.chance.random() < 0.7
        edits = [self.record(node, symbol_record(symbol, info=STB_WEAK << 4 | symbol.type))] if weaken else []
        number = self.chance.randrange(1, 200)
        same = self.chance.random() < 0.2
        name = self.assemble(node, symbol, None if same else number)
        return Mutant(f"{symbol.name}: defined anew{'' if weaken else ', strong twice'}{', alike' if same else ''}", edits,
                      [name, *self.arguments])

    def assemble(self, node, symbol, number):
        """An object in the inputs with a definition of the symbol: a constant, or (number: None) its bytes without their
        relocations."""
        content = self.source(node)[2]
        size = symbol.size or 4
        bytes_of = content[symbol.place():symbol.place() + size] or b"\0\0\0\0"
        is_code = symbol.type == E.STT_FUNC
        if number is None:
            body = ".byte " + ",".join(map(str, bytes_of))
        else:
            body = f"movs r0, #{number}\nbx lr" if is_code else f".fill {size}, 1, {number}"
        section = (".text", "ax") if is_code else (".rodata", "a")
        source = (f'.syntax unified\n.thumb\n.section {section[0]}.{symbol.name},"{section[1]}",%progbits\n.align 2\n'
                  f".global {symbol.name}\n{'.thumb_func' if is_code else ''}\n"
                  f".type {symbol.name},%{'function' if is_code else 'object'}\n{symbol.name}:\n{body}\n"
                  f".size {symbol.name},.-{symbol.name}\n")
        path = self.folder / "override.o"
        subprocess.run(["arm-none-eabi-as", *self.cpu, "-mthumb", "-o", path, "-"], input=source, text=True, check=True)
        return path.name

    def order(self):
        """Objects and archives in another order, and with them the sections."""
        files = [i for i, a in enumerate(self.arguments) if a.endswith((".o", ".a"))]
        objects = [i for i in files if self.arguments[i].endswith(".o")]
        arguments = list(self.arguments)
        for places in (objects, [i for i in files if i not in objects]):
            shuffled = list(places)
            self.chance.shuffle(shuffled)
            for place, origin in zip(places, shuffled):
                arguments[place] = self.arguments[origin]
        return None if arguments == self.arguments else Mutant("inputs in another order", [], arguments)

    KINDS = (instruction, immediate, literal, table, neighbour, callee, string, relocation_target, relocation_type, addend,
             number, alignment, symbol_size, symbol_type, thumb_bit, symbol_value, weak_override, order)
