#!/usr/bin/python3
"""Prints the fingerprints that romlink-cc recorded in an object or a linked image: SYMBOL KIND DIGEST, one a line.

    fingerprints.py FILE.o|FILE.elf

Reads the ELF file itself, so that nothing of romlink is trusted.
"""
import struct
import sys

KINDS = ("part", "function", "object", "static", "ambiguous")


class Elf:
    def __init__(self, data):
        self.data = data
        self.type, = struct.unpack_from("<H", data, 16)
        table, = struct.unpack_from("<I", data, 32)
        count, names = struct.unpack_from("<HH", data, 48)
        self.headers = [struct.unpack_from("<10I", data, table + 40 * i) for i in range(count)]
        self.names = [self.text(self.headers[names], header[0]) for header in self.headers]
        self.symbols = []
        for header in self.headers:
            if header[1] == 2:
                for at in range(header[4], header[4] + header[5], 16):
                    name, value, size, info, _, section = struct.unpack_from("<IIIBBH", data, at)
                    self.symbols.append((self.text(self.headers[header[6]], name), value, size, info, section))

    def text(self, table, offset):
        begin = table[4] + offset
        return self.data[begin:self.data.index(b"\0", begin)].decode()

    def content(self, name):
        index = self.names.index(name)
        header = self.headers[index]
        return self.data[header[4]:header[4] + header[5]]


def read(data):
    """[(symbol, kind, digest in hex, unit)] of the file's bytes; of dropped functions the symbol is ''."""
    elf = Elf(data)
    if ".debug_romlink" not in elf.names:
        return None
    content, rows, at, unit = elf.content(".debug_romlink"), [], 0, 0
    places = {}
    if elf.type == 1:
        names = {(section, value & ~1 if info & 15 == 2 else value): name
                 for name, value, _, info, section in elf.symbols if info & 15 in (1, 2)}
        for offset, info in struct.iter_unpack("<II", elf.content(".rel.debug_romlink")):
            assert info & 0xff == 2  # R_ARM_ABS32
            _, value, _, kind, section = elf.symbols[info >> 8]
            assert kind >> 4 == 0  # a local symbol: no other definition can take its place
            addend, = struct.unpack_from("<I", content, offset)
            places[offset] = names[section, (value & ~1 if kind & 15 == 2 else value) + addend]
    at_address = {}
    for name, value, _, info, section in elf.symbols:
        if info & 15 in (1, 2) and section not in (0, 0xfff1):
            at_address.setdefault(value & ~1 if info & 15 == 2 else value, name)
    while at < len(content):
        magic, size, count = struct.unpack_from("<8sII", content, at)
        assert magic == b"ROMLINK1" and size == 16 + 40 * count
        for i in range(count):
            address, kind, digest = struct.unpack_from("<II32s", content, at + 16 + 40 * i)
            name = places.get(at + 16 + 40 * i) if elf.type == 1 else (
                at_address.get(address) or at_address.get(address & ~1, "")) if address else ""
            rows.append((name, KINDS[kind & 0xff], digest.hex(), unit))
        at += size
        unit += 1
    return rows


def main():
    for name, kind, digest, unit in read(open(sys.argv[1], "rb").read()) or []:
        print(unit, name or "-", kind, "-" if set(digest) == {"0"} else digest[:16])


if __name__ == "__main__":
    main()
