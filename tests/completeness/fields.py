"""The values that relocations fill in Thumb code and data (AAELF32), read from the bytes of any image."""
BRANCH, ADDRESS = "branch", "address"
MOVW, MOVT = 47, 48
BYTES = (132, 133, 134, 135)  # MOVS, ADDS of v6-M: the bytes of an address, from the lowest


def sign(value, bits):
    return (value & (1 << bits) - 1) - ((value & 1 << bits - 1) << 1)


def halves(field):
    return int.from_bytes(field[:2], "little"), int.from_bytes(field[2:4], "little")


def branch24(field, place):
    """BL, B.W: (the bits that are no offset, target)."""
    first, second = halves(field)
    s, j1, j2 = first >> 10 & 1, second >> 13 & 1, second >> 11 & 1
    offset = sign(s << 24 | (1 ^ j1 ^ s) << 23 | (1 ^ j2 ^ s) << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1, 25)
    return (first & 0xf800, second & 0xd000), place + 4 + offset


def branch19(field, place):
    first, second = halves(field)
    offset = sign((first >> 10 & 1) << 20 | (second >> 11 & 1) << 19 | (second >> 13 & 1) << 18 | (first & 0x3f) << 12 |
                  (second & 0x7ff) << 1, 21)
    return (first & 0xfbc0, second & 0xd000), place + 4 + offset


def branch11(field, place):
    value = int.from_bytes(field, "little")
    return value & 0xf800, place + 4 + sign((value & 0x7ff) << 1, 12)


def branch8(field, place):
    value = int.from_bytes(field, "little")
    return value & 0xff00, place + 4 + sign((value & 0xff) << 1, 9)


def word(field, place):
    return 0, int.from_bytes(field, "little")


def relative(field, place):
    return 0, int.from_bytes(field, "little") + place & 0xffffffff


def relative31(field, place):
    value = int.from_bytes(field, "little")
    return value & 0x80000000, place + sign(value, 31) & 0xffffffff


def immediate16(field):
    """MOVW, MOVT: (the bits that are no immediate, immediate)."""
    first, second = halves(field)
    value = (first & 15) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xff
    return (first & 0xfbf0, second & 0x8f00), value


def literal8(field, place):
    """ADR, LDR of a literal."""
    value = int.from_bytes(field, "little")
    return value & 0xff00, (place & ~3) + 4 + (value & 0xff) * 4


def literal12(field, place):
    first, second = halves(field)
    offset = second & 0xfff
    return (first & 0xff7f, second & 0xf000), (place & ~3) + 4 + (offset if first & 0x80 else -offset)


def adr(field, place):
    first, second = halves(field)
    offset = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xff
    return (first & 0xfb5f, second & 0x8f00), (place & ~3) + 4 + (-offset if first & 0xa0 == 0xa0 else offset)


FIELDS = {10: (4, branch24, BRANCH), 30: (4, branch24, BRANCH), 51: (4, branch19, BRANCH), 102: (2, branch11, BRANCH),
          103: (2, branch8, BRANCH), 2: (4, word, ADDRESS), 38: (4, word, ADDRESS), 3: (4, relative, ADDRESS),
          41: (4, relative, ADDRESS), 42: (4, relative31, ADDRESS), 11: (2, literal8, ADDRESS),
          54: (4, literal12, ADDRESS), 53: (4, adr, ADDRESS)}
SHORT = (102, 103, 11, 54, 53)  # no veneer can be in between


class Field:
    """One relocated value of an entity: where its bytes are, its kind, how to read it from an image."""

    def __init__(self, parts, kind, read, symbol, type):
        self.parts, self.kind, self.read, self.symbol, self.type = parts, kind, read, symbol, type


def field_of(entity, ref):
    """The field of a relocation that fills one place and whose type is known, else None."""
    if ref.type not in FIELDS:
        return None
    size, decode, kind = FIELDS[ref.type]
    at = ref.place - entity.address
    return Field([(at, size)], kind, lambda data, base: decode(data[at:at + size], base + at), ref.symbol, ref.type)


def byte_wise(places, ref):
    def read(data, base):
        halves16 = [int.from_bytes(data[at:at + 2], "little") for at in places]
        return tuple(h & 0xff00 for h in halves16), sum((h & 0xff) << 8 * (3 - i) for i, h in enumerate(halves16))
    return Field([(at, 2) for at in places], ADDRESS, read, ref.symbol, ref.type)


def fields_of(entity):
    """The fields of an entity, or None if a relocation is not understood."""
    found, moves, bytes_of = [], [], {}
    for ref in sorted(entity.references, key=lambda r: r.place):
        if field := field_of(entity, ref):
            found.append(field)
        elif ref.type in BYTES:
            part = BYTES.index(ref.type)
            places = bytes_of.setdefault(ref.symbol, [])
            if part != 3 - len(places):
                return None  # compilers write them from the highest to the lowest
            places.append(ref.place - entity.address)
            if part == 0:
                found.append(byte_wise(bytes_of.pop(ref.symbol), ref))
        elif ref.type in (MOVW, MOVT):
            moves.append((ref.place - entity.address, ref))
        else:
            return None
    if bytes_of:
        return None
    for at, ref in moves:
        def register(a):
            return immediate16(entity.content[a:a + 4])[0][1]
        others = [a for a, r in moves if r.type != ref.type and r.symbol is ref.symbol and register(a) == register(at)]
        if not others:
            return None
        near = min(others, key=lambda a: abs(a - at) + (1 << 20 if (a < at) == (ref.type == MOVW) else 0))
        low, high = (at, near) if ref.type == MOVW else (near, at)

        def pair(data, base, low=low, high=high):
            (bits, lower), (more, upper) = immediate16(data[low:low + 4]), immediate16(data[high:high + 4])
            return (bits, more), upper << 16 | lower
        found.append(Field([(low, 4), (high, 4)], ADDRESS, pair, ref.symbol, ref.type))
    return found
