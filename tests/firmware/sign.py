#!/usr/bin/python3
"""Makes a signed image for the bootloader's slot out of a linked firmware ELF.

    sign.py spe.elf spe.bin [--version 1.2.3+4] [--key keys/signing-2048.pem]

The output is header, flat image and TLVs as boot/image.h describes them (MCUboot's image format with a PKCS #1 v1.5
signature), to be loaded at the address that is printed. It depends on nothing but the ELF's loaded bytes, the version
and the key.
"""
import argparse
import hashlib
import pathlib
import re
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils

HERE = pathlib.Path(__file__).resolve().parent
KEY = HERE / "keys" / "signing-2048.pem"
HEADER_SIZE = 0x200
MAGIC, TLV_INFO_MAGIC = 0x96F3B83D, 0x6907
PT_LOAD, SHT_NOBITS, SHF_ALLOC = 1, 8, 2
TLV_SHA256, TLV_RSA2048_PKCS1_V15 = 0x10, 0xA0


def flat_image(elf):
    """(load address, bytes) of a 32-bit little-endian ELF, as `objcopy -O binary` makes it: all sections with contents
    at their load addresses. Sections, not segments: a segment may hold the ELF headers as well."""
    if elf[:6] != b"\x7fELF\x01\x01":
        raise ValueError("not a 32-bit little-endian ELF file")
    phoff, shoff = struct.unpack_from("<II", elf, 28)
    phsize, phnum, shsize, shnum = struct.unpack_from("<4H", elf, 42)
    segments = [struct.unpack_from("<5I", elf, phoff + i * phsize) for i in range(phnum)]
    pieces = []
    for i in range(shnum):
        _, kind, flags, _, offset, size = struct.unpack_from("<6I", elf, shoff + i * shsize)
        if not flags & SHF_ALLOC or kind == SHT_NOBITS or not size:
            continue
        for segment, at, _, address, length in segments:
            if segment == PT_LOAD and at <= offset and offset + size <= at + length:
                pieces.append((address + offset - at, elf[offset:offset + size]))
                break
    if not pieces:
        raise ValueError("nothing to load")
    start = min(address for address, _ in pieces)
    end = max(address + len(data) for address, data in pieces)
    if end - start > 1 << 20:
        raise ValueError(f"the contents span {end - start} bytes: is a RAM section missing (NOLOAD)?")
    image = bytearray(end - start)
    for address, data in pieces:
        image[address - start:address - start + len(data)] = data
    return start, bytes(image)


def sign(elf, version=(1, 0, 0, 0), key=KEY):
    """(load address, signed image) for the bytes of a firmware ELF."""
    start, image = flat_image(elf)
    image += bytes(-len(image) % 4)
    header = struct.pack("<IIHHIIBBHII", MAGIC, 0, HEADER_SIZE, 0, len(image), 0, *version, 0)
    signed = header.ljust(HEADER_SIZE, b"\0") + image
    digest = hashlib.sha256(signed).digest()
    private = serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)
    signature = private.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    tlvs = b"".join(struct.pack("<HH", kind, len(data)) + data
                    for kind, data in ((TLV_SHA256, digest), (TLV_RSA2048_PKCS1_V15, signature)))
    return start - HEADER_SIZE, signed + struct.pack("<HH", TLV_INFO_MAGIC, 4 + len(tlvs)) + tlvs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("elf", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--version", default="1.0.0+0", help="major.minor.revision+build")
    parser.add_argument("--key", type=pathlib.Path, default=KEY, help="RSA-2048 private key, PEM")
    arguments = parser.parse_args()
    version = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\+(\d+)", arguments.version)
    if not version:
        parser.error("--version wants major.minor.revision+build")
    address, image = sign(arguments.elf.read_bytes(), tuple(map(int, version.groups())), arguments.key)
    arguments.output.write_bytes(image)
    print(f"{arguments.output}: load at {address:#x}")


if __name__ == "__main__":
    main()
