"""What a mutation changes: bytes of files, or the arguments of a link."""
import dataclasses
import pathlib
import typing

STT_NOTYPE = 0


@dataclasses.dataclass
class Mutant:
    what: str
    edits: list = dataclasses.field(default_factory=list)  # (file, offset in it, new bytes)
    arguments: typing.Optional[list] = None  # of the link, if others
    differs: object = None  # the entity whose own bytes certainly differ now from what they were


def symbol_record(symbol, *, value=None, size=None, info=None):
    """(offset in the object, bytes) of one changed member of a symbol's record (ELF32_Sym)."""
    if value is not None:
        return symbol.record + 4, (value & 0xffffffff).to_bytes(4, "little")
    if size is not None:
        return symbol.record + 8, (size & 0xffffffff).to_bytes(4, "little")
    return symbol.record + 12, bytes([info])


def apply(edits):
    """Changes the files; what undoes it."""
    undo = []
    for path, at, new in edits:
        with pathlib.Path(path).open("r+b") as file:
            file.seek(at)
            undo.append((path, at, file.read(len(new))))
            file.seek(at)
            file.write(new)
    return undo[::-1]
