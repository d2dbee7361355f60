#!/usr/bin/python3
"""A slow reference for what a firmware may take from a ROM, written from the rules and apart from romlink's prover.

    reference.py ROM.elf [--why] -- LINKER ARGUMENTS     (in the folder that holds the inputs)

A claim (entity, address) holds if the ROM has the entity's bytes there outside of the relocated fields, and each field
leads to what the firmware's field leads to: the same number, an equal string or constant, or an entity of which a
further claim holds. A branch needs such a claim to hold; an address needs its entity to be shared as well. Claims are
assumed, and dropped until nothing changes. Prints "ADDRESS SIZE OBJECT:(SECTION) SYMBOL" for each entity that is
provable; with --why also the others with a reason."""
import argparse
import collections
import fnmatch
import pathlib
import sys
import tempfile

import fields as F
import images
from fields import ADDRESS, BRANCH
from images import E

BRANCH_REACH, VENEER = (16 << 20) - (1 << 20), 12


class Reference:
    def __init__(self, rom, firmware, shared_ram=range(0), defects=()):
        """`defects`: addresses of the ROM's functions that an advisory names."""
        self.rom, self.fw, self.shared_ram, self.defects = rom, firmware, shared_ram, defects
        self.fields = {e: F.fields_of(e) for e in firmware.entities}
        self.addressed, self.called, self.used = set(), set(), set()
        self.short = collections.defaultdict(set)  # who reaches it without room for a veneer
        for entity, fields in self.fields.items():
            known = [f for ref in entity.references if (f := F.field_of(entity, ref))] if fields is None else fields
            for field in known:
                kind, target, _ = self.target(entity, field)
                if kind == "entity":
                    self.used.add(target)
                    (self.called if field.kind == BRANCH else self.addressed).add(target)
                    if field.type in F.SHORT and target is not entity:
                        self.short[target].add(entity)
            for ref in entity.references if fields is None else ():
                if target := firmware.symbol_at.get((ref.symbol.name, ref.symbol.value)):
                    self.used.add(target)
                    self.addressed.add(target)
        self.reason = {e: self.excluded(e) for e in firmware.entities}
        for table in firmware.entities:
            for field in (self.fields[table] or ()) if table.placed else ():
                kind, target, _ = self.target(table, field)
                if kind == "entity" and field.kind == ADDRESS and not self.reason[target]:
                    self.reason[target] = "a kept table points to it"
        self.checked, self.why, self.claims = {}, {}, {}
        self.explore([(e, place - (address & ~1 if e.code else address) + e.address) for e in firmware.entities
                      for name, address in e.symbols for place in rom.names.get(name, ())])

    def excluded(self, entity):
        """Why this entity must stay whatever the ROM has; empty if nothing does."""
        if entity.writable and not self.shared_ram:
            return "writable"
        if not (entity.content or entity.writable) or entity.merged or entity.object == "<internal>":
            return "no entity"
        if (entity.placed or entity.moves) and not entity.writable:
            return "placed by the script"
        if any(name in self.fw.entry_names for name, _ in entity.symbols):
            return "entry"
        if fnmatch.fnmatchcase(entity.section, ".*.romlink_*"):
            return "runs before the ROM is known"
        if entity not in self.used:
            return "nothing refers to it"
        return "exceptions unwind through it" if entity.unwound else ""

    def target(self, entity, field):
        """("number", value, 0), ("entity", entity, offset), ("merged", table, address) or ("unknown", None, 0)."""
        _, value = field.read(entity.content, entity.address)
        symbol = field.symbol
        if symbol.section == 0 or symbol.section == images.ABSOLUTE:
            return "number", value, 0
        if symbol.type == E.STT_SECTION:
            found = self.fw.of_section_symbol(entity, entity.address + field.parts[0][0], value)
        else:
            found = self.fw.symbol_at.get((symbol.name, symbol.value))
            table = self.fw.at(symbol.value)
            if not found and table and table.merged:  # the map does not list the symbols of merged sections
                found = table
            thunk = field.kind == BRANCH and self.fw.at(value)
            if thunk and thunk.object == "<internal>":
                value = symbol.place()
        if found is None or not found.size:
            return "unknown", None, 0
        return ("merged", found, value) if found.merged else ("entity", found, value - found.address)

    def check(self, entity, address):
        """The needs of a claim, [(kind, entity, addresses)], or None if it fails by itself (self.why)."""
        def fail(text):
            self.why[entity, address] = text
        if any(address <= defect < address + entity.size for defect in self.defects):
            return fail("an advisory names it")
        if entity.writable and self.shared_ram:
            return [] if self.is_state(entity, address) else fail("not an object of the shared RAM")
        fields = self.fields[entity]
        theirs = self.rom.read(address, entity.size, entity.code)
        ours = entity.content
        if entity.writable or entity.placed or entity.moves or entity.merged or not ours:
            return fail(self.reason[entity])
        if fields is None:
            return fail("a relocation is not understood")
        if theirs is None:
            return fail("no constant bytes in the ROM")
        if address % entity.align or entity.literals and (address - entity.address) % 4:
            return fail("alignment")
        skip = {at + i for field in fields for at, size in field.parts for i in range(size)}
        for i, (a, b) in enumerate(zip(ours, theirs)):
            if a != b and i not in skip:
                return fail(f"byte at {i:#x}")
        needs = []
        for field in fields:
            at = field.parts[0][0]
            (bits, _), (rom_bits, rom_value) = field.read(ours, entity.address), field.read(theirs, address)
            kind, target, offset = self.target(entity, field)
            if kind == "number" and field.kind == BRANCH and field.symbol.section == 0:
                nothing = field.type == 10 and bytes.fromhex("aff30080")  # GNU ld makes NOP.W of a BL to nothing
                if field.type != 10 or theirs[at:at + 4] not in (ours[at:at + 4], nothing):
                    return fail(f"weak branch at {at:#x}")
                continue
            if bits != rom_bits:
                return fail(f"opcode at {at:#x}")
            if kind == "unknown" or kind == "number" and target != rom_value:
                return fail(f"{field.symbol.name} at {at:#x} is no entity or another number")
            if kind == "merged" and not self.same_constant(target, offset, rom_value):
                return fail(f"string or constant at {at:#x}")
            if kind == "entity":
                places = [rom_value, *self.veneers(rom_value)] if field.kind == BRANCH else [rom_value]
                needs.append((field.kind, target, [place - offset for place in places]))
        return needs

    def is_state(self, entity, address):
        """Writable data: the ROM has the same objects in the shared RAM; their values are those that it leaves."""
        return address in self.shared_ram and address + entity.size - 1 in self.shared_ram and entity.symbols and \
            address % entity.align == 0 and \
            all((address + value - entity.address, entity.sizes[name]) in self.rom.objects for name, value in entity.symbols)

    def same_constant(self, table, address, rom_address):
        kind, width, align = table.merged
        if (address - rom_address) % align:
            return False
        if kind == "str":
            ours = images.terminated(table.content, address - table.address, width)
            return ours is not None and ours == self.rom.string(rom_address, width)
        inside = (address - table.address) % width
        start = address - table.address - inside
        return self.rom.read(rom_address - inside, width) == table.content[start:start + width]

    def veneers(self, address):
        """Where the ROM's code at this address goes if it is nothing but a jump."""
        for _ in range(4):
            code = self.rom.read(address, 10, True) or (self.rom.read(address, 4, True) or b"").ljust(10, b"\0")
            (bits, target), value = F.branch24(code[:4], address), None
            if bits == (0xf000, 0x9000):
                value = target
            elif code[:4] == bytes.fromhex("5ff800f0") and address % 4 == 0:  # ldr.w pc, [pc]
                value = int.from_bytes(code[4:8], "little") & ~1
            else:
                (low_bits, low), (high_bits, high) = F.immediate16(code[:4]), F.immediate16(code[4:8])
                if (low_bits, high_bits, code[8:]) == ((0xf240, 0x0c00), (0xf2c0, 0x0c00), b"\x60\x47"):
                    value = (high << 16 | low) & ~1
            if value is None:
                return
            yield value
            address = value

    def explore(self, queue):
        """Adds to the claims that hold by themselves these and what they lead to."""
        while queue:
            claim = queue.pop()
            if claim in self.checked:
                continue
            self.checked[claim] = needs = self.check(*claim)
            if needs is not None:
                self.claims[claim] = needs
                queue += [(target, place) for _, target, places in needs for place in places]

    def settle(self, held, shared):
        """Drops claims until each has what it needs; `shared` is a set of claims."""
        while True:
            shared = shared & held
            users = {e for e, _ in shared}
            shared = {c for c in shared if self.short[c[0]] <= users}
            bad = {c for c in held if not all(any((e, a) in (held if kind == BRANCH else shared) for a in places)
                                              for kind, e, places in self.claims[c])}
            for claim in bad:
                kind, e, places = next((k, e, p) for k, e, p in self.claims[claim]
                                       if not any((e, a) in (held if k == BRANCH else shared) for a in p))
                self.why[claim] = f"needs the {kind} of {e} at {', '.join(map(hex, places))}"
            held = held - bad
            if not bad:
                return held, shared

    def unused(self, shared):
        """Variables that no code reached from `shared` uses: those who do use them count on their initial values."""
        queue, reached = [c for c in shared if not c[0].writable], set()
        while queue:
            claim = queue.pop()
            if claim in self.claims and claim not in reached:
                reached.add(claim)
                queue += [(e, a) for _, e, places in self.claims[claim] for a in places]
        return {c for c in shared if c[0].writable and c not in reached}

    def gains(self, claim):
        entity, address = claim
        return entity not in self.called or abs(address - entity.address) < BRANCH_REACH or entity.size > VENEER

    def provable(self):
        """entity -> address of the largest sharing found."""
        offered = {c for c in self.claims if not self.reason[c[0]] and self.gains(c)}
        held, shared = self.settle(set(self.claims), offered)
        while conflict := self.conflict(shared):
            demand = collections.Counter((e, a) for c in held for kind, e, places in self.claims[c] if kind == ADDRESS
                                         for a in places)
            named = lambda c: any(c[1] + (v & ~1) - c[0].address in self.rom.names.get(n, ()) for n, v in c[0].symbols)
            best = max(conflict, key=lambda c: (demand[c], named(c), -c[1], -c[0].address))
            held, shared = self.settle(held, shared - (conflict - {best}))
        return dict(shared - self.unused(shared))

    def conflict(self, shared):
        """Claims of which only one may be used: two places of one entity, two addresses that would become one."""
        places = collections.defaultdict(set)
        for claim in shared:
            places[claim[0]].add(claim)
        for entity in sorted(places, key=lambda e: e.address):
            if len(places[entity]) > 1:
                return places[entity]
        ordered = sorted((c for c in shared if c[0] in self.addressed), key=lambda c: (c[1], c[0].address))
        for first, second in zip(ordered, ordered[1:]):
            if second[1] < first[1] + first[0].size:
                return {first, second}
        return None

    def unsound(self, sharing):
        """The part of someone else's sharing, {(entity, address)}, that does not hold."""
        self.explore(list(sharing))
        allowed = {c for c in sharing if c in self.claims and not self.reason[c[0]]}
        _, left = self.settle(set(self.claims), allowed)
        return set(sharing) - left | (self.conflict(left) or set()) | self.unused(left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rom")
    parser.add_argument("--why", action="store_true")
    parser.add_argument("arguments", nargs="+")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        firmware = images.Firmware(pathlib.Path.cwd(), options.arguments, pathlib.Path(scratch))
        reference = Reference(images.Rom(options.rom), firmware)
    shared = reference.provable()
    for entity in firmware.entities:
        if entity in shared:
            print(f"{shared[entity]:#010x} {entity.size:6} {entity}")
        elif options.why and entity.content:
            tried = [f"{a:#x}: {reference.why.get((e, a), '')}" for e, a in reference.checked if e is entity]
            print(f"- {entity.size:6} {entity}: {reference.reason[entity] or '; '.join(tried) or 'no candidate'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
