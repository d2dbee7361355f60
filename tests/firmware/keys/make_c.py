#!/usr/bin/python3
"""Writes keys/test_keys.c from the checked-in test keys: public keys (SubjectPublicKeyInfo, RFC 5280) and signatures of
the message "abc" (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017). The keys protect nothing; they are public.

    keys/make_c.py > keys/test_keys.c
"""
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HERE = pathlib.Path(__file__).resolve().parent
SHA256, PKCS1_V15 = hashes.SHA256(), padding.PKCS1v15()


def load(name):
    return serialization.load_pem_private_key((HERE / name).read_bytes(), None)


def public_key(name):
    return load(name).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def array(name, data):
    lines = [", ".join(f"0x{b:02x}" for b in data[i:i + 16]) for i in range(0, len(data), 16)]
    return (f"static const uint8_t {name}_bytes[] = {{\n    " + ",\n    ".join(lines) + "};\n"
            f"const struct test_bytes {name} = {{{name}_bytes, sizeof {name}_bytes}};\n")


def source():
    items = {"signing_public_key": public_key("signing-2048.pem")}
    for bits in (2048, 4096):
        pem = f"vector-{bits}.pem"
        items[f"test_rsa{bits}_public_key"] = public_key(pem)
        items[f"test_rsa{bits}_signature"] = load(pem).sign(b"abc", PKCS1_V15, SHA256)
    return ("// Public keys and signatures of the test keys, written by make_c.py.\n"
            "// clang-format off\n#include \"test_keys.h\"\n\n"
            + "\n".join(array(name, data) for name, data in items.items()))


if __name__ == "__main__":
    print(source(), end="")
