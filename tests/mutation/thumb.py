"""Thumb code as the mutations need it: where code and data lie in a section, its instructions, their immediates.

Encodings: Armv8-M Architecture Reference Manual (DDI0553), chapter C2."""


def regions(obj, section):
    """(start, end, is it code) of the parts of a section, by the object's mapping symbols."""
    index = obj.sections.index(section)
    marks = sorted((s.value, s.name[:2] == "$t") for s in obj.symbols
                   if s.section == index and s.name[:2] in ("$t", "$d") and s.value < section.size)
    ends = [start for start, _ in marks[1:]] + [section.size]
    return [(start, end, code) for (start, code), end in zip(marks, ends) if start < end]


def instructions(content, start, end):
    """(offset, size) of each instruction of a region of code."""
    while start + 2 <= end:
        size = 4 if content[start + 1] >> 3 in (0b11101, 0b11110, 0b11111) else 2
        if start + size <= end:
            yield start, size
        start += size


NARROW = (  # mask, value, bits that are the immediate
    (0xe000, 0x2000, 0x00ff), (0xfc00, 0x1c00, 0x01c0), (0xe000, 0x0000, 0x07c0), (0xf000, 0x6000, 0x07c0),
    (0xf000, 0x7000, 0x07c0), (0xf000, 0x8000, 0x07c0), (0xf000, 0x9000, 0x00ff), (0xf000, 0xa000, 0x00ff),
    (0xf800, 0x4800, 0x00ff), (0xff00, 0xb000, 0x00ff), (0xf000, 0xd000, 0x00ff), (0xf800, 0xe000, 0x07ff))


def immediate(content, offset, size):
    """(offset of the halfword, bits of it that are an immediate) of an instruction, or None."""
    first = int.from_bytes(content[offset:offset + 2], "little")
    if size == 2:
        found = [bits for mask, value, bits in NARROW if first & mask == value]
        return (offset, found[0]) if found else None
    second = int.from_bytes(content[offset + 2:offset + 4], "little")
    if first >> 11 == 0b11110 and second >> 15 == 0:
        return offset + 2, 0x70ff  # modified and plain immediates: imm3 and imm8
    if first >> 9 == 0b1111100 and first & 0x0080:
        return offset + 2, 0x0fff  # loads and stores with imm12
    if first >> 11 == 0b11110 and second >> 14 == 0b10 and not second & 0x1000:
        return offset + 2, 0x07ff  # conditional branches
    return None
