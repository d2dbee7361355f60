"""Tests of the test firmware itself: it boots, refuses what it must, and is built the way the other tests rely on.

conftest.py builds it.
"""
import hashlib
import pathlib
import re
import struct
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import boot
import build
import make_c
import sign
from outcome import MISMATCH, assert_passes, vectors

HERE = pathlib.Path(__file__).resolve().parent

BOARDS = ("an521", "an385")


def tool(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def arguments(directory):
    return (directory / "spe-link.args").read_text().splitlines()


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("linker", ("gnu", "lld"))
def test_boots_and_all_vectors_pass(built, board, linker):
    out = built(board, "default", linker)
    code, output = boot.boot(out / "rom.elf", out / "spe.bin", board)
    assert output.startswith(f"boot: romlink test bootloader, revision 1, mps2-{board}\n")
    assert "boot: image 1.0.0+0 verified\n" in output
    assert_passes(code, output)


@pytest.mark.parametrize("variant", sorted(set(build.VARIANTS) - {"default"}))
def test_variants_behave_alike(built, variant):
    first, other = built(), built(variant=variant)
    _, expected = boot.boot(first / "rom.elf", first / "spe.elf")
    code, output = boot.boot(other / "rom.elf", other / "spe.elf")
    assert_passes(code, output)
    assert output.replace("revision 2", "revision 1") == expected


@pytest.mark.parametrize("where,reason", [
    (0x00, "no header"), (0x240, "digest does not match"), (-300, "no digest"),
    (-280, "digest does not match"), (-260, "no signature"), (-200, "signature is not valid")])
def test_a_flipped_bit_is_refused(built, tmp_path, where, reason):
    image = bytearray((built() / "spe.bin").read_bytes())
    image[where] ^= 0x10
    (tmp_path / "spe.bin").write_bytes(image)
    code, output = boot.boot(built() / "rom.elf", tmp_path / "spe.bin")
    assert code == 2 and output.endswith(f"boot: image refused: {reason}\n"), output
    assert not vectors(output)


def test_another_key_is_refused(built, tmp_path):
    _, image = sign.sign((built() / "spe.elf").read_bytes(), key=HERE / "keys" / "vector-2048.pem")
    (tmp_path / "spe.bin").write_bytes(image)
    code, output = boot.boot(built() / "rom.elf", tmp_path / "spe.bin")
    assert code == 2 and output.endswith("boot: image refused: signature is not valid\n")


# The link that other tools repeat.

def test_link_arguments_make_the_same_image(built, tmp_path):
    tool(build.LLD, *arguments(built()), "-o", tmp_path / "spe.elf")
    assert (tmp_path / "spe.elf").read_bytes() == (built() / "spe.elf").read_bytes()
    assert "-o" not in arguments(built())


def test_gnu_ld_takes_the_link_arguments(built, tmp_path):
    tool("arm-none-eabi-ld", *arguments(built()), "-o", tmp_path / "spe.elf")
    assert_passes(*boot.boot(built() / "rom.elf", tmp_path / "spe.elf"))


def test_two_builds_are_equal_and_name_no_directory(built, tmp_path):
    build.Build(tmp_path / "again", "an521", "default", "gnu").run()
    for name in ("rom.elf", "spe.elf", "spe.bin", "libcrypto-rom.a", "libcrypto-spe.a"):
        data = (built() / name).read_bytes()
        assert data == (tmp_path / "again" / name).read_bytes(), name
        assert str(HERE).encode() not in data and str(built()).encode() not in data, name


def test_nothing_is_built_twice(built):
    def times():
        return {path: path.stat().st_mtime_ns for path in built().rglob("*.[oae]*") if path.suffix != ".args"}
    before = times()
    assert len(before) > 40
    build.Build(built(), "an521", "default", "gnu").run()
    assert times() == before


# What there is to share, and what not.

def sections(archive):
    """The relocatable contents of each function's section in an archive: {function: text of objdump}."""
    text = tool("arm-none-eabi-objdump", "-dr", "--no-show-raw-insn", archive)
    parts = re.split(r"^Disassembly of section \.text\.(\S+):\n", text, flags=re.M)
    return {name: re.sub(r"\n\S+: +file format.*", "", body, flags=re.S).strip()
            for name, body in zip(parts[1::2], parts[2::2])}


def differing(first, second):
    a, b = sections(first), sections(second)
    return {name for name in a.keys() & b.keys() if a[name] != b[name]}


def test_configurations_differ_where_they_should(built):
    rom, spe = built() / "libcrypto-rom.a", built() / "libcrypto-spe.a"
    assert differing(rom, spe) == {"rsa_public_operation", "rsa_verify_pkcs1_v15", "public_key_import"}
    added = sections(spe).keys() - sections(rom).keys()
    assert {"hmac_sha256_init", "hkdf_sha256", "aes128_encrypt_block"} <= added
    assert not sections(rom).keys() - sections(spe).keys()


def test_variants_differ_where_they_should(built):
    default = built()
    assert differing(default / "libcrypto-rom.a", built(variant="rom-v2") / "libcrypto-rom.a") == {"der_read"}
    assert differing(default / "libcrypto-spe.a", built(variant="spe-changed") / "libcrypto-spe.a") == {
        "bn_core_montgomery_inverse"}
    for variant, same, other in (("rom-v2", "spe.elf", "rom.elf"), ("spe-changed", "rom.elf", "spe.elf")):
        assert (built(variant=variant) / same).read_bytes() == (default / same).read_bytes()
        assert (built(variant=variant) / other).read_bytes() != (default / other).read_bytes()


def symbols(elf):
    rows = (line.split() for line in tool("arm-none-eabi-nm", elf).splitlines())
    return {row[-1]: int(row[0], 16) for row in rows if len(row) == 3}


@pytest.mark.parametrize("board", BOARDS)
def test_both_images_carry_the_common_code(built, board):
    rom, spe = symbols(built(board) / "rom.elf"), symbols(built(board) / "spe.elf")
    for name in ("sha256_init sha256_update sha256_final sha512_update bn_core_exp_mod bn_core_montgomery_multiply "
                 "rsa_check_pkcs1_v15_encoding der_read ecdsa_p256_verify flash_program image_digest format_u64 "
                 "memcpy memset memcmp memmove strlen __aeabi_uldivmod").split():
        assert name in rom and name in spe, name
        assert rom[name] != spe[name], name
    pointers = ("crypto_calloc_ptr", "crypto_free_ptr")
    assert [rom[name] for name in pointers] == [spe[name] for name in pointers]
    assert {rom[name] - rom["__shared_ram_start"] for name in pointers} == {0, 4}


@pytest.mark.parametrize("board", BOARDS)
def test_sizes_stay_in_range(built, board):
    for name, low, high in (("rom.elf", 15, 30), ("spe.elf", 25, 40)):
        _, image = sign.flat_image((built(board) / name).read_bytes())
        assert low * 1024 <= len(image) <= high * 1024, (name, len(image))


@pytest.mark.parametrize("name", ("rom.elf", "spe.elf"))
def test_flat_image_is_that_of_objcopy(built, tmp_path, name):
    tool("arm-none-eabi-objcopy", "-O", "binary", built() / name, tmp_path / "flat")
    assert sign.flat_image((built() / name).read_bytes())[1] == (tmp_path / "flat").read_bytes()


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("linker", ("gnu", "lld"))
def test_no_segment_holds_the_elf_headers(built, board, linker):
    for name in ("rom.elf", "spe.elf"):
        elf = (built(board, linker=linker) / name).read_bytes()
        first = re.search(r"LOAD +0x\S+ 0x\S+ (0x\S+)", tool("arm-none-eabi-readelf", "-lW",
                                                             built(board, linker=linker) / name)).group(1)
        assert int(first, 16) == sign.flat_image(elf)[0], name


# The check of the ROM's identity (romlink/rom_id.h).

def link_with_rom_id(out, tmp_path, size, digest):
    source = tmp_path / "rom_id.s"
    source.write_text('.section .romlink.rom_id,"a"\n.balign 4\n.global romlink_rom_id\n.type romlink_rom_id, %object\n'
                      f"romlink_rom_id:\n.word {size}\n.byte {', '.join(map(str, digest))}\n.size romlink_rom_id, 36\n")
    tool("arm-none-eabi-as", "-mcpu=cortex-m3", source, "-o", tmp_path / "rom_id.o")
    tool(build.LLD, *arguments(out), tmp_path / "rom_id.o", "-o", tmp_path / "spe.elf")
    return tmp_path / "spe.elf"


@pytest.mark.parametrize("board", BOARDS)
def test_the_rom_it_was_linked_against_is_accepted(built, tmp_path, board):
    _, image = sign.flat_image((built(board) / "rom.elf").read_bytes())
    spe = link_with_rom_id(built(board), tmp_path, len(image), hashlib.sha256(image).digest())
    assert_passes(*boot.boot(built(board) / "rom.elf", spe, board))


@pytest.mark.parametrize("board", BOARDS)
def test_another_rom_is_reported(built, tmp_path, board):
    _, image = sign.flat_image((built(board) / "rom.elf").read_bytes())
    spe = link_with_rom_id(built(board), tmp_path, len(image), hashlib.sha256(image).digest())
    code, output = boot.boot(built(board, "rom-v2") / "rom.elf", spe, board)
    assert code == 3 and output.endswith(MISMATCH) and not vectors(output), output


@pytest.mark.parametrize("size", (0, 1, 3, 55, 56, 63, 64, 119, 120, 4097))
def test_rom_check_hashes_every_length(built, tmp_path, size):
    _, image = sign.flat_image((built() / "rom.elf").read_bytes())
    digest = hashlib.sha256(image[:size]).digest()
    assert boot.boot(built() / "rom.elf", link_with_rom_id(built(), tmp_path, size, digest))[0] == 0
    wrong = digest[:31] + bytes([digest[31] ^ 1])
    assert boot.boot(built() / "rom.elf", link_with_rom_id(built(), tmp_path, size, wrong))[0] == 3


COMPILERS = {"gcc": ["arm-none-eabi-gcc", "-std=c99"], "g++": ["arm-none-eabi-g++", "-std=c++11", "-fno-exceptions"],
             "clang": ["clang-19", "--target=arm-none-eabi", "-ffreestanding", "-std=c99"],
             "clang++": ["clang++-19", "--target=arm-none-eabi", "-ffreestanding", "-std=c++20", "-fno-exceptions"]}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ("-O0", "-Os", "-O3"))
def test_rom_check_needs_nothing_else(tmp_path, compiler, level):
    source = tmp_path / ("use.cc" if "++" in compiler else "use.c")
    source.write_text("#include <romlink/rom_id.h>\nint use(void);\n"
                      "int use(void) { return romlink_rom_matches((const void*)0); }\n")
    flags = ["-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=soft", level, "-ffunction-sections", "-fdata-sections",
             "-fstack-protector-strong", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", build.INCLUDE]
    tool(*COMPILERS[compiler], *flags, "-c", source, "-o", tmp_path / "use.o")
    assert tool("arm-none-eabi-nm", "-u", tmp_path / "use.o").split() == ["w", "romlink_rom_id", "w", "romlink_rom_id_end"]
    headers = re.findall(r"^ *\d+ (\S+) +([0-9a-f]{8}) .*\n +(.*)$",
                         tool("arm-none-eabi-objdump", "-h", tmp_path / "use.o"), re.M)
    loaded = {name for name, size, flags in headers if "ALLOC" in flags and int(size, 16)}
    code = {name for name in loaded if not name.startswith((".ARM", ".rel"))}
    assert {name.split("_check_")[0] for name in code if "use" not in name} == {
        ".text.romlink_rom", ".rodata.romlink_rom"}, code


def test_signed_image_verifies_elsewhere(built):
    image = (built() / "spe.bin").read_bytes()
    size = sign.HEADER_SIZE + struct.unpack_from("<I", image, 12)[0]
    assert image[size + 4:size + 8] == struct.pack("<HH", sign.TLV_SHA256, 32)
    assert image[size + 8:size + 40] == hashlib.sha256(image[:size]).digest()
    key = serialization.load_der_public_key(make_c.public_key("signing-2048.pem"))
    key.verify(image[size + 44:size + 300], image[:size], padding.PKCS1v15(), hashes.SHA256())
    assert len(image) == size + 300
