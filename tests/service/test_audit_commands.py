"""Advisories, releases and audits as a person types them: tables, JSON, pages, SARIF and OpenVEX, errors.

SARIF and OpenVEX are held against their published schemas (tests/schemas).
"""
import datetime
import html.parser
import json
import re

import jsonschema
import pytest

from conftest import ROOT, refused

SCHEMAS = ROOT / "tests" / "schemas"
formats = jsonschema.FormatChecker(formats=())


# The validator's own checks of these formats need packages that Debian's does not bring.
@formats.checks("uri")
def is_uri(text):
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})+", text) is not None


@formats.checks("uri-reference")
def is_uri_reference(text):
    return re.fullmatch(r"([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*", text) is not None


@formats.checks("date-time", raises=ValueError)
def is_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None


def valid_sarif(file):
    document = json.loads(file.read_text())
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=formats).validate(document)
    return document["runs"][0]


def valid_vex(file):
    document = json.loads(file.read_text())
    schema = json.loads((SCHEMAS / "openvex_json_schema_0.2.0.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=formats).validate(document)
    return document


class Page(html.parser.HTMLParser):
    """What a page loads and runs, and its text."""
    VOID = {"meta", "rect", "br", "img", "link", "input"}

    def __init__(self, file):
        super().__init__()
        self.open, self.text, self.names = [], "", []
        self.feed(file.read_text())
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "img", "link", "iframe", "a"), tag
        assert not any(name in ("src", "href", "onclick") for name, _ in attributes)
        self.names.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.names.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def fleet(cli, programs):
    """boot@1.0 and boot@1.1, which has the same mul(); one release on each, made before any advisory."""
    for version, elf in (("1.0", programs.rom), ("1.1", second_rom(programs))):
        published = cli("rom", "publish", "--name", "boot", "--version", version, "--elf", elf)
        assert published.returncode == 0, published.stderr
    return {version: release(cli, programs, f"boot@{version}", product) for version, product
            in (("1.0", "meter"), ("1.1", "valve"))}


def second_rom(programs):
    extra = programs.compile("extra", "const char revision[] __attribute__((used, section(\".vectors.z\"))) = \"r2\";")
    script = programs.write("rom2.ld", programs.rom_script.read_text().replace("*(.text*)", "*(.vectors.z) *(.text*)"))
    return programs.link("rom2.elf", script, programs.start, programs.common, extra)


def release(cli, programs, rom, product):
    linked = cli("link", "--rom", rom, "--label", f"product={product}", "--", *programs.arguments(f"{product}.elf"))
    assert linked.returncode == 0, linked.stderr
    last = linked.stdout.splitlines()[-1]
    assert re.fullmatch(r"release sha256:[0-9a-f]{64}", last), linked.stdout
    return last.split()[1]


def advise(cli, *more):
    added = cli("advisory", "add", "--id", "CVE-2026-0001", "--rom", "boot@1.0", "--symbol", "mul",
                "--summary", "multiplies wrongly", "--url", "https://example.com/1", *more)
    assert added.returncode == 0, added.stderr
    return added


def test_advisory_add_and_list(cli, fleet):
    added = advise(cli)
    assert "CVE-2026-0001 is recorded\n" in added.stdout and "same code" in added.stdout
    assert "boot@1.1" in added.stdout, "the other ROM with the same code is named at once"
    again = advise(cli, "--json")
    assert json.loads(again.stdout)["alreadyRecorded"] is True
    listed = cli("advisory", "list")
    assert re.search(r"CVE-2026-0001 +boot@1\.0 +mul ", listed.stdout), listed.stdout
    assert json.loads(cli("--json", "advisory", "list", "--rom", "boot@1.1").stdout)["advisories"][0]["id"] == "CVE-2026-0001"
    assert cli("advisory", "list", "--quiet").stdout == ""


def test_release_list_and_id(cli, fleet, programs):
    rows = cli("release", "list").stdout.splitlines()
    assert len(rows) == 4 and "valve" in rows[2] and "meter" in rows[3], "newest first"
    only = json.loads(cli("release", "list", "--rom", "boot@1.0", "--json").stdout)["releases"]
    assert [r["id"] for r in only] == [fleet["1.0"]] and only[0]["labels"] == {"product": "meter"}
    quiet = cli("--quiet", "link", "--rom", "boot@1.0", "--label", "product=meter", "--", *programs.arguments("again.elf"))
    assert quiet.stdout == fleet["1.0"] + "\n", "the same link is the same release"
    answer = cli("--json", "link", "--rom", "boot@1.0", "--label", "product=meter", "--", *programs.arguments("json.elf"))
    assert json.loads(answer.stdout)["verdict"] == "COMPATIBLE" and f"note: release {fleet['1.0']}" in answer.stderr


def test_a_plan_is_no_release(cli, fleet, programs):
    assert "release" not in cli("plan", "--rom", "boot@1.0", "--", *programs.arguments()).stdout
    assert len(json.loads(cli("release", "list", "--json").stdout)["releases"]) == 2


def test_audit_rom(cli, fleet):
    advise(cli)
    result = cli("audit", "rom", "boot@1.0", "--html", "rom.html", "--sarif", "rom.sarif")
    assert result.returncode == 0, result.stderr
    assert re.search(r"CVE-2026-0001 +mul .* reset -> mul\n", result.stdout), result.stdout
    assert "used by 1 release\n" in result.stdout
    page = Page(cli.folder / "rom.html")
    assert "OPEN ADVISORIES" in page.text and "svg" in page.names and "product=meter" in page.text
    run = valid_sarif(cli.folder / "rom.sarif")
    defect = next(r for r in run["results"] if r["ruleId"] == "DEFECT_IN_BOOT")
    steps = defect["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [s["location"]["logicalLocations"][0]["name"] for s in steps] == ["reset", "mul"]
    answer = json.loads(cli("audit", "rom", "boot@1.0", "--json").stdout)
    assert {o["name"]: o["usedBy"] for o in answer["offered"]}["mul"] == 1


def test_audit_release(cli, fleet):
    same = cli("audit", "release", fleet["1.0"], "--json")
    assert json.loads(same.stdout)["sameToday"] is True
    advise(cli)
    result = cli("audit", "release", fleet["1.0"][7:17], "--html", "r.html", "--sarif", "r.sarif")
    assert result.returncode == 0, result.stderr
    assert "not the same today" in result.stdout and re.search(r"\nmul +CVE-2026-0001 +boot@1.0 +it is the defect\n", result.stdout)
    page = Page(cli.folder / "r.html")
    assert "NOT THE SAME TODAY" in page.text and "FIXED" in page.text
    assert [r["ruleId"] for r in valid_sarif(cli.folder / "r.sarif")["results"] if r["level"] == "error"] == ["SHARES_DEFECT"]


def test_audit_advisory(cli, fleet, programs):
    advise(cli)
    own = release(cli, programs, "boot@1.0", "meter-2")
    result = cli("audit", "advisory", "CVE-2026-0001", "--html", "a.html", "--openvex", "a.vex.json",
                 "--author", "Example Inc.")
    assert result.returncode == 0, result.stderr
    assert "Releases: a relink repairs it, except at boot: 2; has its own copy: 1" in result.stdout, result.stdout
    page = Page(cli.folder / "a.html")
    assert "2 of 3" in page.text and "found by its code" in page.text
    document = valid_vex(cli.folder / "a.vex.json")
    assert document["author"] == "Example Inc."
    states = {s["products"][0]["@id"]: s["status"] for s in document["statements"]}
    assert states[f"urn:romlink:release:{own.replace(':', '%3A')}"] == "fixed"
    assert states[f"urn:romlink:release:{fleet['1.0'].replace(':', '%3A')}"] == "affected"
    roms = {k: v for k, v in states.items() if k.startswith("pkg:generic/boot@")}
    assert list(roms.values()) == ["affected", "affected"]
    records = json.loads(cli("rom", "list", "--json").stdout)["roms"]
    assert set(roms) == {f"pkg:generic/boot@{r['version']}?checksum={r['imageHash']}" for r in records}
    first = (cli.folder / "a.vex.json").read_bytes()
    cli("audit", "advisory", "CVE-2026-0001", "--openvex", "b.vex.json", "--author", "Example Inc.")
    assert (cli.folder / "b.vex.json").read_bytes() == first, "no clock in it"
    assert cli("advisory", "list", "--openvex", "l.vex.json").returncode == 0
    assert len(valid_vex(cli.folder / "l.vex.json")["statements"]) == len(document["statements"])


def test_audit_matrix(cli, fleet, programs):
    result = cli("audit", "matrix", "--html", "m.html", "--", *programs.arguments())
    assert result.returncode == 0 and result.stderr == "", result.stderr
    assert "The firmware fits 2 of 2 ROMs." in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[2:4]] == ["boot@1.0", "boot@1.1"]
    page = Page(cli.folder / "m.html")
    assert "One firmware, 2 ROMs" in page.text and "libcommon.a" in page.text
    answer = json.loads(cli("audit", "matrix", "--rom", "boot@1.1", "--json", "--", *programs.arguments()).stdout)
    shares = {o["object"]: (o["bytes"], o["sharedBytes"]) for o in answer["rows"][0]["objects"]}
    size, shared = shares[str(programs.library)]
    assert len(answer["rows"]) == 1 and size == shared > 0, "named as the user does"
    assert not (cli.folder / "fw.elf").exists()


def test_link_writes_sarif(cli, fleet, programs):
    advise(cli)
    linked = cli("link", "--rom", "boot@1.0", "--sarif", "l.sarif", "--", *programs.arguments())
    assert linked.returncode == 0, linked.stderr
    run = valid_sarif(cli.folder / "l.sarif")
    fixed = next(r for r in run["results"] if r["ruleId"] == "FIXED")
    place = fixed["locations"][0]
    assert place["logicalLocations"][0]["name"] == "mul" and fixed["level"] == "warning"
    assert place["physicalLocation"]["artifactLocation"]["uri"] == str(programs.library)
    planned = cli("plan", "--rom", "boot@1.0", "--sarif", "p.sarif", "--", *programs.arguments())
    assert planned.returncode == 0 and (cli.folder / "p.sarif").read_bytes() == (cli.folder / "l.sarif").read_bytes()


def test_several_roms(cli, fleet, programs, daemon):
    linked = cli("link", "--rom", "boot@1.0", "--rom", "boot@1.1", "--report", "r.json", "--", *programs.arguments())
    assert linked.returncode == 0, linked.stderr
    assert "each ROM alone would share" in linked.stdout
    report = json.loads((cli.folder / "r.json").read_text())
    assert [r["romVersion"] for r in report["roms"]] == ["1.0", "1.1"]
    dropped = cli(f"--romlink-server={daemon.address}", "--romlink-rom=boot@1.0,boot@1.1", "--romlink-report=d.json",
                  "--romlink-label=product=both", *programs.arguments("d.elf"), program="ld.romlink")
    assert dropped.returncode == 0 and dropped.stdout == "", dropped.stderr
    assert [r["romVersion"] for r in json.loads((cli.folder / "d.json").read_text())["roms"]] == ["1.0", "1.1"]
    assert (cli.folder / "d.elf").read_bytes() == (cli.folder / "fw.elf").read_bytes()
    newest = json.loads(cli("release", "list", "--json").stdout)["releases"][0]
    assert newest["labels"] == {"product": "both"} and len(newest["roms"]) == 2


@pytest.mark.parametrize("arguments, code, words", [
    (["advisory", "add", "--id", "X", "--rom", "boot@9", "--symbol", "mul"], 4, ["boot@9"]),
    (["advisory", "add", "--id", "X", "--rom", "boot@1.0", "--symbol", "mull"], 4, ["mull"]),
    (["advisory", "add", "--id", "X", "--rom", "boot@1.0"], 2, ["--symbol"]),
    (["advisory", "list", "--rom", "boot@9"], 4, ["boot@9"]),
    (["advisory", "list", "--openvex", "v.json"], 4, ["v.json", "no advisory"]),
    (["release", "list", "--rom", "boot@9"], 4, ["boot@9"]),
    (["audit", "rom", "boot@9"], 4, ["boot@9"]),
    (["audit", "rom"], 2, ["ROM"]),
    (["audit", "release", "0123456789"], 4, ["0123456789"]),
    (["audit", "release", "xyz"], 2, ["xyz"]),
    (["audit", "advisory", "CVE-0"], 4, ["CVE-0"]),
    (["audit", "advisory", "CVE-0", "--html", "no/such/folder/a.html"], 3, ["no/such/folder/a.html"]),
    (["audit", "rom", "boot@1.0", "--sarif", "no/such/folder/a.sarif"], 3, ["a.sarif"]),
    (["audit", "matrix", "--html", "m.html"], 2, ["ARGUMENTS"]),
    (["audit", "matrix", "--", "-o", "x"], 2, ["no input files"]),
    (["audit", "matrix", "--", "missing.o"], 3, ["missing.o"]),
    (["audit"], 2, ["subcommand"]),
    (["link", "--rom", "boot@1.0", "--label", "novalue", "--", "a.o"], 2, ["novalue"]),
])
def test_bad_input_is_one_line(cli, fleet, arguments, code, words):
    (cli.folder / "a.o").write_bytes(b"")
    before = sorted(p.name for p in cli.folder.iterdir())
    refused(cli(*arguments), code, *words)
    assert sorted(p.name for p in cli.folder.iterdir()) == before, "nothing is left behind"


def test_matrix_names_unknown_roms(cli, fleet, programs):
    refused(cli("audit", "matrix", "--rom", "boot@9", "--", *programs.arguments()), 4, "boot@9")
    refused(cli("audit", "matrix", "--name", "other", "--html", "m.html", "--", *programs.arguments()), 4, "other")
    assert not (cli.folder / "m.html").exists()


def test_an_audit_needs_the_service(cli):
    cli.where = ("--server", "127.0.0.1:1")
    for arguments in (["audit", "rom", "boot@1.0"], ["release", "list"], ["advisory", "list"]):
        refused(cli(*arguments), 5)


@pytest.mark.parametrize("command", [["advisory"], ["advisory", "add"], ["advisory", "list"], ["release"],
                                     ["release", "list"], ["audit"], ["audit", "rom"], ["audit", "release"],
                                     ["audit", "advisory"], ["audit", "matrix"]])
def test_help_has_an_example(cli, command):
    shown = cli(*command, "--help")
    assert shown.returncode == 0 and "Example:\n  romlink " in shown.stdout
