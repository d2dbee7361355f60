"""What the reference reads: the ROM's image, and the firmware's plain link with its map and emitted relocations.

A linked image is read by elf.py. The plain link is made by `ld.lld-19 --emit-relocs -Map`: the map says
which input section lies where and which symbols are in it; the relocations in the output name their symbols; the values
of the fields are read from the output's bytes."""
import bisect
import collections
import fnmatch
import pathlib
import re
import subprocess

import elf as E

ABSOLUTE = 0xfff1
Reference = collections.namedtuple("Reference", "place type symbol")
MAP_LINE = re.compile(r"^ *([0-9a-f]+) +([0-9a-f]+) +([0-9a-f]+) +(\d+) ( *)(\S.*)$")
# Sections of no special meaning: a linker script that names nothing narrower collects them, it does not place them.
ORDINARY = ("*", ".text", ".text*", ".text.*", ".rodata", ".rodata*", ".rodata.*", ".data.rel.ro", ".data.rel.ro*",
            ".data.rel.ro.*", ".gnu.linkonce.t.*", ".gnu.linkonce.r.*", ".text.unlikely", ".text.unlikely.*",
            ".text.hot.*", ".text.startup", ".text.startup.*", ".text.exit.*", ".data", ".data*", ".data.*", ".bss",
            ".bss*", ".bss.*", "COMMON")


class Rom:
    """The bytes of a linked ROM that never change, and its symbols."""

    def __init__(self, path):
        image = self.image = E.Elf(pathlib.Path(path).read_bytes())
        stored = segments(image)
        self.sections = []  # (start, bytes, is it executable)
        for s in image.sections:
            constant = s.flags & E.SHF_ALLOC and not s.flags & E.SHF_WRITE and s.type == 1 and s.size
            if constant and load_address(stored, s) == s.address:
                self.sections.append((s.address, image.content(s), bool(s.flags & E.SHF_EXEC)))
        self.names, self.objects = collections.defaultdict(set), set()
        for symbol in image.symbols:
            named = symbol.name and not symbol.name.startswith("$") and symbol.type in (0, 1, 2)
            if named and 0 < symbol.section < 0xff00:
                self.names[symbol.name].add(symbol.place())
                if symbol.type == E.STT_OBJECT:
                    self.objects.add((symbol.place(), symbol.size))

    def read(self, address, size, executable=False):
        for start, data, code in self.sections:
            if start <= address and address + size <= start + len(data) and (code or not executable):
                return data[address - start:address - start + size]
        return None

    def offset(self, address):
        """Where the file has this address."""
        return next(s.offset + address - s.address for s in self.image.sections
                    if s.flags & E.SHF_ALLOC and s.type == 1 and 0 <= address - s.address < s.size)

    def string(self, address, width):
        """The string here with its terminator."""
        for start, data, _ in self.sections:
            if start <= address < start + len(data):
                return terminated(data, address - start, width)
        return None


def terminated(data, at, width):
    for end in range(at, len(data) - width + 1, width):
        if not any(data[end:end + width]):
            return data[at:end + width]
    return None


def segments(image):
    """(file offset, size, physical address) of each PT_LOAD."""
    at, = E.struct.unpack_from("<I", image.data, 28)
    size, count = E.struct.unpack_from("<HH", image.data, 42)
    headers = [E.struct.unpack_from("<5I", image.data, at + i * size) for i in range(count)]
    return [(offset, length, physical) for kind, offset, _, physical, length in headers if kind == 1]


def load_address(loaded, section):
    for offset, length, physical in loaded:
        if offset <= section.offset and section.offset + section.size <= offset + length:
            return physical + section.offset - offset
    return None


class Entity:
    """One input section of the plain link; `merged` is (kind, width, alignment) of a table of strings or constants."""

    def __init__(self, address, size, align, where, output):
        self.address, self.size, self.align, self.output = address, size, align, output
        self.object, self.section = where[:-1].rsplit(":(", 1)
        self.writable = bool(output.flags & E.SHF_WRITE)
        self.symbols, self.references, self.moves = [], [], False
        self.sizes = {}  # of the symbols, as the map has them
        self.content, self.literals, self.placed, self.unwound = b"", False, False, False
        self.merged = None
        self.code = False

    def __repr__(self):
        return f"{self.object}:({self.section})" + (f" {self.symbols[0][0]}" if self.symbols else "")

    def holds(self, address):
        return self.address <= address < self.address + self.size


class Firmware:
    def __init__(self, folder, arguments, scratch):
        output, self.map = scratch / "plain.elf", scratch / "plain.map"
        command = ["ld.lld-19", "--emit-relocs", "--no-demangle", *arguments, "-o", output, f"-Map={self.map}"]
        subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
        self.image = E.Elf(output.read_bytes())
        stored = segments(self.image)
        outputs = {s.name: s for s in self.image.sections if s.flags & E.SHF_ALLOC}
        self.entities, self.symbol_at, current = [], {}, None
        for line in self.map.read_text().splitlines()[1:]:
            if not (found := MAP_LINE.match(line)):
                continue
            address, size, align = int(found[1], 16), int(found[3], 16), int(found[4])
            indent, what = len(found[5]), found[6]
            if indent == 0:
                current, entity = outputs.get(what), None
            elif current and indent == 8:
                entity = Entity(address, size, align, what, current) if what.endswith(")") and ":(" in what else None
                if entity:
                    self.entities.append(entity)
            elif current and indent == 16 and entity:
                self.symbol_at[what, address] = entity
                if not what.startswith("$"):
                    entity.symbols.append((what, address))
                    entity.sizes[what] = size
        self.entities.sort(key=lambda e: (e.address, e.size))
        self.starts = [e.address for e in self.entities]
        for entity in self.entities:
            if entity.output.type == 1:
                skip = entity.address - entity.output.address
                entity.content = self.image.content(entity.output)[skip:skip + entity.size]
            entity.moves = load_address(stored, entity.output) not in (entity.output.address, None)
        self._origins(folder)
        self._mapping_symbols()
        for section in outputs.values():
            for place, kind, symbol, _ in section.relocations:
                if kind and (entity := self.at(place)):
                    entity.references.append(Reference(place, kind, self.image.symbols[symbol]))
        self._unwinding(outputs.get(".ARM.exidx"))
        script = [folder / a for b, a in zip(arguments, arguments[1:]) if b in ("-T", "--script")]
        self.entry_names = [a for b, a in zip(arguments, arguments[1:]) if b in ("-e", "-u", "--entry", "--undefined")]
        for path in script:
            self._script(path.read_text())

    def at(self, address):
        """The entity that holds this address."""
        i = bisect.bisect_right(self.starts, address) - 1
        while i >= 0 and not self.entities[i].size:
            i -= 1
        return self.entities[i] if i >= 0 and self.entities[i].holds(address) else None

    def _origins(self, folder):
        """Reads the objects of the inputs: `origin` leads from an entity to its section in its object, `file` from an
        object's name to the file that holds it."""
        self.origin, self.of_section, self.file = {}, {}, {}
        wanted, objects, tables = {e.object for e in self.entities}, {}, collections.defaultdict(list)
        for entity in self.entities:
            if entity.object == "<internal>":
                tables[entity.section].append(entity)
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".o", ".a")):
            data = path.read_bytes()
            if data.startswith(b"\x7fELF"):
                objects[path.name], self.file[path.name] = E.Elf(data), path
                continue
            for member, start in E.members(data):
                name = f"{path.name}({member})"
                if name in wanted and data[start:start + 4] == b"\x7fELF":
                    objects[name] = None if name in objects else E.Elf(data, start)  # two of one name: neither
                    self.file[name] = path
        for obj in filter(None, objects.values()):
            for section in obj.sections:
                if section.flags & E.SHF_MERGE and section.flags & E.SHF_ALLOC:
                    for table in tables.get(section.name, ()):  # lld names a table after one of its sections
                        if table.align == section.align:
                            table.merged = "str" if section.flags & E.SHF_STRINGS else "cst", section.entry, table.align
        placed = collections.Counter((e.object, e.section) for e in self.entities)
        for entity in self.entities:
            obj = objects.get(entity.object)
            found = [i for i, s in enumerate(obj.sections) if s.name == entity.section] if obj else []
            if len(found) == 1 == placed[entity.object, entity.section]:
                self.origin[entity] = obj, obj.sections[found[0]]
                self.of_section[entity.object, found[0]] = entity

    def of_section_symbol(self, entity, place, value):
        """What a relocation against a section symbol means: the output has only the output section's symbol, so the
        object says which input section it was; of an object that is not clear, the place that the value leads to."""
        if entity in self.origin:
            obj, section = self.origin[entity]
            for at, _, symbol, _ in section.relocations:
                if at == place - entity.address and obj.symbols[symbol].section in range(1, len(obj.sections)):
                    index = obj.symbols[symbol].section
                    if not obj.sections[index].flags & E.SHF_MERGE:
                        return self.of_section.get((entity.object, index))
        return self.at(value)

    def _mapping_symbols(self):
        """Marks code, and code that reads relative to the program counter rounded down to 4."""
        marks = sorted((s.value, s.name[:2]) for s in self.image.symbols if s.name[:2] in ("$t", "$d", "$a"))
        for (start, kind), (end, _) in zip(marks, marks[1:] + [(1 << 32, "$d")]):
            if kind != "$d" and (entity := self.at(start)):
                entity.code = True
                first = start - entity.address
                entity.literals |= rounds_pc(entity.content[first:min(end - entity.address, entity.size)])

    def _unwinding(self, table):
        if not table:
            return
        data = self.image.content(table)
        for at in range(0, len(data) - 7, 8):
            start, how = E.struct.unpack_from("<Ii", data, at)
            place = (table.address + at + ((start << 1 & 0xffffffff) - ((start & 0x40000000) << 2) >> 1)) & 0xffffffff
            if how != 1 and (entity := self.at(place)):
                entity.unwound = True

    def _script(self, text):
        """Marks what the script keeps or places by name."""
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        self.entry_names += re.findall(r"\bENTRY\s*\(\s*([^\s)]+)\s*\)", text)
        text = re.sub(r"/DISCARD/\s*:\s*\{[^}]*\}", " ", text)
        kept = re.findall(r"KEEP\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", text)
        for number, part in enumerate([*kept, re.sub(r"KEEP\s*", " ", text)]):
            for file, patterns in re.findall(r"([^\s(){};]+)\s*\(((?:[^()]|\([^()]*\))*)\)", part):
                if re.fullmatch(r"[A-Z_]+", file):
                    continue
                for pattern in re.sub(r"\b(SORT\w*|EXCLUDE_FILE)\b|[()]", " ", patterns).split():
                    if number < len(kept) or file != "*" or pattern not in ORDINARY:
                        for entity in self.entities:
                            entity.placed |= fnmatch.fnmatchcase(entity.section, pattern) and \
                                matches_file(entity.object, file)


def matches_file(name, pattern):
    archive = name.split("(")[0]
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(archive, pattern.split(":")[0])


def rounds_pc(code):
    """Whether Thumb code has an instruction that uses Align(PC, 4): literal loads and ADR."""
    at = 0
    while at + 2 <= len(code):
        first = int.from_bytes(code[at:at + 2], "little")
        if first < 0xe800:
            if first >> 11 in (0b01001, 0b10100):
                return True
            at += 2
            continue
        double = first & 0xfe5f == 0xe85f and first & 0x0120  # without these bits it is TBB, which does not round
        if double or first & 0xfe1f == 0xf81f or first & 0xee1f == 0xec1f or first & 0xfbff in (0xf20f, 0xf2af):
            return True
        at += 4
    return False
