"""A list of symbols that were shared by name becomes a policy, and the policy a link with warnings."""
import json

import pytest

LISTS = {
    "symdefs": "#<SYMDEFS># ARM Linker, 6030169: Last Updated: Thu Jun 4 12:49:45 2015\n0x10000021 T mul\n0x10000009 T nobody\n",
    "tfm-addr": "#<SYMDEFS>#\n10000020 T mul\n10000008 T nobody\n",
    "tfm-name": "mul\nnobody\n",
    "wildcards": "mu?\nnobod*\n",
    "iar": "hide *\nshow mul \nshow nobody \n",
}


@pytest.fixture
def other(cli, programs):
    """boot@2.0 is published: its mul adds 8, the firmware's 7."""
    done = cli("rom", "publish", "--name", "boot", "--version", "2.0", "--elf", programs.other_rom)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("form", LISTS)
def test_each_form_gives_a_policy_that_links(cli, programs, other, form):
    (cli.folder / "list.txt").write_text(LISTS[form])
    printed = cli("policy", "import", "list.txt")
    assert printed.returncode == 0 and 'evidence = "API_COMPATIBLE"' in printed.stdout, printed.stderr
    done = cli("policy", "import", "list.txt", "-o", "policy.toml")
    assert (done.returncode, done.stdout) == (0, "")
    assert (cli.folder / "policy.toml").read_text() == printed.stdout
    result = cli("plan", "--json", "--rom", other, "--policy", "policy.toml", "--", *programs.arguments())
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    mul = next(s for s in report["symbols"] if s["name"] == "mul")
    assert (mul["decision"], mul["evidence"]) == ("SHARED", "API_COMPATIBLE")
    findings = [f for f in report["findings"] if f["code"] == "ACCEPTED_DIFFERENCE"]
    assert [(f["severity"], f["symbol"]) for f in findings] == [("WARNING", "mul")]
    assert "nothing proves that it does the same" in findings[0]["message"]


@pytest.mark.parametrize("content, why", (
    (b"int main(void) { return 0; }\n", "list.txt:1: it is neither a name"),
    (b"\x7fELF\x01\x01\x01", "list.txt: it is an ELF file"),
    (b"# nothing\n", "list.txt: it names no symbol"),
    (b"\x00\xff\xfe\n", "list.txt:1: it is neither a name"),
))
def test_what_is_no_list_is_one_line(cli, content, why):
    (cli.folder / "list.txt").write_bytes(content)
    done = cli("policy", "import", "list.txt", "-o", "policy.toml")
    assert done.returncode == 3 and done.stderr.startswith(f"romlink: error: cannot read the symbol list: {why}"), done.stderr
    assert not (cli.folder / "policy.toml").exists()
    assert cli("policy", "import", "missing.txt").returncode == 3
