"""Objects, archives and linked images: a small ELF reader in Python that shares nothing with romlink."""
import pathlib
import struct

SHF_WRITE, SHF_ALLOC, SHF_EXEC, SHF_MERGE, SHF_STRINGS = 1, 2, 4, 16, 32
STT_OBJECT, STT_FUNC, STT_SECTION = 1, 2, 3
THM_CALL, THM_JUMP24, ABS32 = 10, 30, 2
# Bytes that a relocation fills, by type (AAELF32); a type that is not here fills nothing that a mutant may hit.
WIDTH = {2: 4, 3: 4, 10: 4, 11: 2, 30: 4, 38: 4, 41: 4, 42: 4, 47: 4, 48: 4, 49: 4, 50: 4, 51: 4, 53: 4, 54: 4, 102: 2,
         103: 2, 132: 2, 133: 2, 134: 2, 135: 2}


class Section:
    def __init__(self, name, fields, header):
        self.name, self.header = name, header
        _, self.type, self.flags, self.address, self.offset, self.size, self.link, self.info, self.align, self.entry = fields
        self.relocations = []  # (offset in the section, type, symbol index, offset of the record in the object)

    def relocated(self):
        return {at + i for at, kind, _, _ in self.relocations for i in range(WIDTH.get(kind, 4))}


class Symbol:
    def __init__(self, name, fields, record):
        self.name, self.record = name, record
        _, self.value, self.size, info, _, self.section = fields
        self.type, self.local = info & 15, info >> 4 == 0

    def place(self):
        return self.value & ~1 if self.type == STT_FUNC else self.value


class Elf:
    """One ELF file inside `data`, from `start`."""

    def __init__(self, data, start=0):
        self.data, self.start = data, start
        header, = struct.unpack_from("<I", data, start + 32)
        size, count, names = struct.unpack_from("<HHH", data, start + 46)
        raw = [struct.unpack_from("<10I", data, start + header + i * size) for i in range(count)]
        text = lambda table, at: data[start + raw[table][4] + at:data.index(b"\0", start + raw[table][4] + at)].decode()
        self.sections = [Section(text(names, f[0]), f, header + i * size) for i, f in enumerate(raw)]
        self.symbols = []
        for section in self.sections:
            if section.type == 2:
                for at in range(section.offset, section.offset + section.size, 16):
                    fields = struct.unpack_from("<IIIBBH", data, start + at)
                    self.symbols.append(Symbol(text(section.link, fields[0]), fields, at))
        for section in self.sections:
            if section.type == 9:
                for at in range(section.offset, section.offset + section.size, 8):
                    place, info = struct.unpack_from("<II", data, start + at)
                    self.sections[section.info].relocations.append((place, info & 255, info >> 8, at))

    def content(self, section):
        return self.data[self.start + section.offset:self.start + section.offset + section.size]

    def at(self, address, size):
        """Bytes of a linked image at a run address."""
        for section in self.sections:
            if section.flags & SHF_ALLOC and section.type == 1:
                skip = address - section.address
                if 0 <= skip and skip + size <= section.size:
                    return self.content(section)[skip:skip + size]
        return b""


def members(data):
    """(name, offset) of each member of an archive."""
    at, long_names = 8, b""
    while at + 60 <= len(data):
        name, size = data[at:at + 16].decode().rstrip(), int(data[at + 48:at + 58])
        at += 60
        if name == "//":
            long_names = data[at:at + size]
        elif name not in ("/", "/SYM64/"):
            if name.startswith("/"):
                begin = int(name[1:])
                name = long_names[begin:long_names.index(b"\n", begin)].decode()
            yield name.rstrip("/"), at
        at += size + size % 2


def objects(path):
    """name as lld prints it -> Elf; a name that an archive holds twice is left out."""
    data = pathlib.Path(path).read_bytes()
    name = pathlib.Path(path).name
    if data.startswith(b"\x7fELF"):
        return {name: Elf(data)}
    found, twice = {}, set()
    for member, start in members(data):
        key = f"{name}({member})"
        (twice.add(key) if key in found else None)
        if data[start:start + 4] == b"\x7fELF":
            found[key] = Elf(data, start)
    return {key: elf for key, elf in found.items() if key not in twice}
