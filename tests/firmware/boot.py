#!/usr/bin/python3
"""Boots a bootloader and a firmware image in QEMU, prints what the UART says and returns the exit code.

    boot.py rom.elf spe.elf|spe.bin [--board an521|an385] [--timeout 20]

An ELF firmware is signed first (sign.py); a .bin must be signed already. Exit codes: those of platform/semihosting.h;
124 if the time is over.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import sign

SLOT = {"an521": 0x10100000, "an385": 0x00100000}
TIME_OVER = 124


def boot(rom, spe, board="an521", timeout=20):
    """(exit code, UART output) of one boot."""
    data = pathlib.Path(spe).read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        image, address = pathlib.Path(spe), SLOT[board]
        if data[:4] == b"\x7fELF":
            address, data = sign.sign(data)
            image = pathlib.Path(directory) / "spe.bin"
            image.write_bytes(data)
        command = ["qemu-system-arm", "-M", f"mps2-{board}", "-kernel", str(rom),
                   "-device", f"loader,file={image},addr={address:#x},force-raw=on",
                   "-nographic", "-monitor", "none", "-serial", "stdio",
                   "-semihosting-config", "enable=on,target=native"]
        try:
            run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 timeout=timeout)
            code, output = run.returncode, run.stdout
        except subprocess.TimeoutExpired as error:
            code, output = TIME_OVER, error.stdout or b""
    return code, output.decode("latin-1")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rom", help="bootloader ELF")
    parser.add_argument("spe", help="firmware: ELF, or signed .bin")
    parser.add_argument("--board", choices=sorted(SLOT), default="an521")
    parser.add_argument("--timeout", type=float, default=20, help="seconds")
    arguments = parser.parse_args()
    code, output = boot(arguments.rom, arguments.spe, arguments.board, arguments.timeout)
    sys.stdout.write(output)
    if code == TIME_OVER:
        print("boot.py: the time is over", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
