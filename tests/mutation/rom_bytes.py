"""Mutations of the linked ROM: one thing changes in its ELF file, at what the firmware takes from it or relies on."""
import thumb
from images import E
from mutant import STT_NOTYPE, Mutant, symbol_record


class RomMutations:
    """`claims`: (entity of the firmware, its address in the ROM), of all that is shared and all that this rests on."""

    def __init__(self, model, reference, claims, deep, path):
        self.model, self.ref, self.rom, self.path = model, reference, reference.rom, path
        self.claims = sorted((c for c in claims if c[0] in model.origin and not c[0].writable),
                             key=lambda c: (c[1], c[0].address))
        self.deep = [c for c in self.claims if c[0] in deep]
        self.names = {name for entity, _ in claims for name, _ in entity.symbols}
        self.symbols = [s for s in self.rom.image.symbols
                        if s.name in self.names and 0 < s.section < 0xff00 and s.type < E.STT_SECTION]
        self.chance = None  # set before each mutant

    def pick(self, choices):
        return self.chance.choice(choices) if choices else None

    def relocated(self, entity):
        return {at + i for field in self.ref.fields[entity] for at, size in field.parts for i in range(size)}

    def flip(self, claim, offset, bits=0xff, size=1, field=False):
        entity, address = claim
        if not field and set(range(offset, offset + size)) & self.relocated(entity):
            return None
        return self.change(address + offset, bits, size, f"{entity} +{offset:#x}", entity if not field else None)

    def change(self, address, bits, size, what, differs=None):
        choices = [1 << i for i in range(size * 8) if bits >> i & 1]
        change = sum(self.chance.sample(choices, min(len(choices), self.chance.choice((1, 1, 2, 3)))))
        old = self.rom.read(address, size)
        if old is None:
            return None
        new = (int.from_bytes(old, "little") ^ change).to_bytes(size, "little")
        return Mutant(f"{what}, at {address:#x} of the ROM ^ {change:#x}", [(self.path, self.rom.offset(address), new)],
                      differs=differs)

    def parts(self, claim, code):
        return [(start, end) for start, end, is_code in thumb.regions(*self.model.origin[claim[0]]) if is_code == code]

    def code_of(self, claim):
        return [i for start, end in self.parts(claim, True)
                for i in thumb.instructions(claim[0].content, start, end)]

    def instruction(self):
        claim = self.pick([c for c in self.claims if c[0].code])
        at = claim and self.pick(self.code_of(claim))
        return at and self.flip(claim, at[0] + self.chance.choice((0, at[1] - 2)), 0xffff, 2)

    def immediate(self):
        claim = self.pick([c for c in self.claims if c[0].code])
        found = claim and self.pick([i for at, size in self.code_of(claim)
                                     if (i := thumb.immediate(claim[0].content, at, size))])
        return found and self.flip(claim, *found, 2)

    def literal(self):
        found = self.pick([(c, *p) for c in self.claims if c[0].code for p in self.parts(c, False)])
        return found and self.flip(found[0], self.chance.randrange(found[1], found[2]))

    def table(self):
        claim = self.pick([c for c in self.claims if not c[0].code])
        return claim and self.flip(claim, self.chance.randrange(claim[0].size))

    def neighbour(self):
        claim = self.pick([c for c in self.claims if len({value & ~1 for _, value in c[0].symbols}) > 1])
        return claim and self.flip(claim, self.chance.randrange(claim[0].size))

    def callee(self):
        claim = self.pick(self.deep)
        return claim and self.flip(claim, self.chance.randrange(claim[0].size))

    def field(self, wanted):
        """(claim, field) of what wanted(kind, field) chooses."""
        return self.pick([(c, f) for c in self.claims for f in self.ref.fields[c[0]]
                          if wanted(self.ref.target(c[0], f)[0], f)])

    def pointer(self):
        """A relocated field: a branch, an address, a number."""
        if not (found := self.field(lambda kind, field: True)):
            return None
        claim, field = found
        at, size = self.chance.choice(field.parts)
        low = self.chance.random() < 0.7  # in the bits that make a near target
        return self.flip(claim, at + size - 2 if size == 4 and low and field.kind == "branch" else at,
                         0xff if low else 0xffff, 2, field=True)

    def pointer_thumb_bit(self):
        """The lowest bit of an address of a function."""
        functions = [(c, f) for c in self.claims for f in self.ref.fields[c[0]]
                     if f.kind == "address" and len(f.parts) == 1 and (t := self.ref.target(c[0], f))[0] == "entity" and t[1].code]
        if not (found := self.pick(functions)):
            return None
        claim, field = found
        return self.flip(claim, field.parts[0][0], 1, 1, field=True)

    def string(self):
        if not (found := self.field(lambda kind, field: kind == "merged")):
            return None
        (entity, address), field = found
        theirs = self.rom.read(address, entity.size, entity.code)
        place = field.read(theirs, address)[1]
        text = self.rom.string(place, 1)
        return text and self.change(place + self.chance.randrange(len(text)), 0xff, 1, f"{entity}: its string or constant")

    def symbol(self, **change):
        symbol = self.pick(self.symbols)
        if not symbol:
            return None
        at, new = symbol_record(symbol, **{k: v(symbol) for k, v in change.items()})
        return Mutant(f"{symbol.name} in the ROM: {', '.join(change)} to {new.hex()}", [(self.path, at, new)])

    def symbol_size(self):
        return self.symbol(size=lambda s: self.chance.choice([n for n in (0, 2, s.size + 2, s.size // 2, 1 << 16)
                                                               if n != s.size]))

    def symbol_type(self):
        return self.symbol(info=lambda s: (0 if s.local else 1) << 4 |
                           self.chance.choice([k for k in (STT_NOTYPE, E.STT_OBJECT, E.STT_FUNC) if k != s.type]))

    def thumb_bit(self):
        return self.symbol(value=lambda s: s.value ^ 1)

    def symbol_value(self):
        return self.symbol(value=lambda s: s.value + self.chance.choice((2, 4, -2, -4, 8)))

    KINDS = (instruction, immediate, literal, table, neighbour, callee, pointer, pointer_thumb_bit, string, symbol_size, symbol_type,
             thumb_bit, symbol_value)
