"""What a boot of the test firmware says when all is well, and how the tests read it."""
import re

VECTORS = 51
MISMATCH = "firmware: this ROM is not the one it was linked against\n"


def vectors(output):
    return re.findall(r"^vector (\S+): (\S+)$", output, re.M)


def assert_passes(code, output):
    results = vectors(output)
    assert code == 0, output
    assert len(results) == VECTORS and {result for _, result in results} == {"pass"}, output
    assert len({name for name, _ in results}) == VECTORS
    assert output.endswith(f"firmware: {VECTORS} vectors pass\n")
