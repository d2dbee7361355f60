"""romlink's engine, many times without starting a process anew: relink-text --batch."""
import re
import subprocess


class Engine:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        errors="replace")

    def relink(self, folder, rom, output, arguments, options=()):
        """(exit code, {(object, section, address): address in the ROM} that the plan shares, error, what the second proof
        did not confirm)."""
        words = [folder, rom, output, "--sections", *options, "--", *arguments]
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        shares, error, doubts = {}, "", []
        for line in self.process.stdout:
            if line.startswith("shares "):
                _, name, section, address, place = line.split()
                shares[name, section, int(address, 16)] = int(place, 16)
            elif line.startswith("romlink: error: "):
                error = line[len("romlink: error: "):].strip()
            elif line.startswith("finding NOT_CONFIRMED "):
                doubts.append(line[len("finding NOT_CONFIRMED "):].strip())
            elif line.startswith("end "):
                return int(line[4:]), shares, error, doubts
        raise SystemExit("relink-text has ended")


def cause(error):
    """What and why of an error ("WHAT: WHERE: WHY"), without what is different in each case."""
    what, *rest = error.split(": ", 2)
    return re.sub(r"0x[0-9a-f]+|\b[0-9]+\b", "N", ": ".join([what, *rest[1:]]))
