"""Advisories: recorded by name, found by code in other revisions, from then on the code stays local."""
import grpc
import pytest

from fleet import Fleet, Service, decisions, status_of


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return Fleet(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def service(daemon, messages, fleet):
    """boot@1.0 to @4.0 are published."""
    service = Service(daemon, messages)
    for version, elf in enumerate([fleet.rom1, fleet.rom2, fleet.rom3, fleet.rom4], 1):
        service.publish("boot", f"{version}.0", elf)
    return service


def named(affected):
    """[(version, symbol, match, boot path, callers)]"""
    matches = type(affected[0]).Match if affected else None
    return [(a.rom.version, a.symbol, matches.Name(a.match), list(a.boot_path), list(a.callers)) for a in affected]


def test_defective_code_is_found_in_other_revisions(service):
    answer = service.advise("CVE-2026-0001", "boot@1.0", "checksum", summary="reads too far", url="https://example.org/1")
    assert not answer.already_recorded
    boot = ["reset", "frame", "checksum"]
    assert named(answer.affected) == [("1.0", "checksum", "NAMED", boot, ["frame", "reset"]),
                                      ("2.0", "checksum", "SAME_CODE", boot, ["frame", "reset"]),
                                      ("4.0", "checksum", "SAME_CODE", [], ["frame"])], "3.0 has another constant"
    assert len({a.rom_address for a in answer.affected}) == 3, "at another address in each"
    (target,) = answer.advisory.targets
    assert (target.rom.version, target.symbol, target.size) == ("1.0", "checksum", answer.affected[0].size)
    assert target.rom_address == answer.affected[0].rom_address and target.body_digest.startswith("sha256:")
    assert not answer.findings


def test_links_keep_it_local_from_then_on(service, fleet):
    request = service.request(fleet, "boot@2.0")
    before, *_ = service.link(request)
    assert decisions(before)["checksum"] == decisions(before)["frame"] == ("SHARED", "")
    service.advise("CVE-2026-0001", "boot@1.0", "checksum", summary="reads too far")
    after, *_ = service.link(request)
    assert decisions(after)["checksum"] == ("LOCAL", "FIXED")
    assert decisions(after)["frame"] == ("LOCAL", "DEPENDS_ON_CHANGED")
    assert decisions(after)["other"] == ("SHARED", ""), "it does not reach the defect"
    detail = next(s.detail for s in after.symbols if s.name == "checksum")
    assert "CVE-2026-0001" in detail and "reads too far" in detail
    unaffected, *_ = service.link(service.request(fleet, "boot@3.0"))
    assert decisions(unaffected)["checksum"] == ("LOCAL", "CHANGED")


def test_a_rom_published_later_is_affected(daemon, messages, fleet):
    service = Service(daemon, messages)
    service.publish("boot", "1.0", fleet.rom1)
    assert len(service.advise("A", "boot@1.0", "checksum").affected) == 1
    service.publish("boot", "2.0", fleet.rom2)
    report, *_ = service.link(service.request(fleet, "boot@2.0"))
    assert decisions(report)["checksum"] == ("LOCAL", "FIXED")
    assert [a.id for a in service.advisories("boot@2.0")] == ["A"]


def test_the_same_again_adds_what_is_new(service):
    first = service.advise("A", "boot@1.0", "checksum", summary="one")
    assert service.advise("A", "boot@1.0", "checksum", summary="one").already_recorded
    assert service.advise("A", "boot@1.0", "checksum").already_recorded, "an empty summary says nothing"
    more = service.advise("A", "boot@3.0", "checksum", "other")
    assert not more.already_recorded and more.advisory.recorded_at == first.advisory.recorded_at
    assert [(t.rom.version, t.symbol) for t in more.advisory.targets] == [
        ("1.0", "checksum"), ("3.0", "checksum"), ("3.0", "other")]
    code, text = status_of(service.advise, "A", "boot@3.0", "frame", summary="two")
    assert code == grpc.StatusCode.FAILED_PRECONDITION and "another summary: one" in text
    assert len(service.advisories()[0].targets) == 3


def test_advisories_are_listed_by_id_and_rom(service):
    service.advise("B", "boot@1.0", "other")
    service.advise("A", "boot@3.0", "checksum")
    assert [a.id for a in service.advisories()] == ["A", "B"]
    assert [a.id for a in service.advisories("boot@3.0")] == ["A", "B"], "other() is the same in all"
    assert [a.id for a in service.advisories("boot@4.0")] == ["B"]
    assert service.advisories("boot@3.0")[0].targets[0].rom.version == "3.0"


def test_data_is_affected_by_name_only(service):
    answer = service.advise("A", "boot@1.0", "table")
    assert [a[:3] for a in named(answer.affected)] == [("1.0", "table", "NAMED")]
    assert answer.affected[0].boot_path[-2:] == ["checksum", "table"]
    (finding,) = answer.findings
    assert finding.code == "CODE_NOT_KNOWN" and "table" in finding.message


def test_small_functions_need_their_name_to_be_the_same_code(service):
    affected = named(service.advise("B", "boot@1.0", "limit").affected)
    assert [a[:3] for a in affected] == [("1.0", "limit", "NAMED"), ("2.0", "limit", "SAME_CODE"),
                                         ("3.0", "limit", "SAME_CODE"), ("4.0", "limit", "SAME_CODE")]
    assert all(a[3] == ["reset", "limit"] for a in affected), "boot runs it"
    assert affected[0][4] == ["reset"] and service.advisories()[0].targets[0].size < 16, "cap() of 2.0 has the same bytes"


@pytest.mark.parametrize("fields, code, words", [
    (dict(id="", rom="boot@1.0", symbols=["checksum"]), "INVALID_ARGUMENT", "id: must not be empty"),
    (dict(id="A", rom="boot@1.0", symbols=[]), "INVALID_ARGUMENT", "names no symbol"),
    (dict(id="A", rom="boot@9.0", symbols=["checksum"]), "NOT_FOUND", "boot@9.0"),
    (dict(id="A", rom="", symbols=["checksum"]), "INVALID_ARGUMENT", "not a ROM reference"),
    (dict(id="A", rom="boot@1.0", symbols=["other", "checksun"]), "NOT_FOUND", "checksun"),
    (dict(id="A", rom="boot@1.0", symbols=[""]), "NOT_FOUND", "no such function"),
    (dict(id="A", rom="boot@1.0", symbols=["x" * 1_000_000]), "NOT_FOUND", "no such function"),
    (dict(id="x" * 100_000, rom="boot@1.0", symbols=["checksum"]), "INVALID_ARGUMENT", "longer than"),
    (dict(id="A", rom="boot@1.0", symbols=["checksum"], summary="x" * 100_000), "INVALID_ARGUMENT", "longer than"),
    (dict(id="A\x1b[2J", rom="boot@1.0", symbols=["checksum"]), "INVALID_ARGUMENT", "control character"),
    (dict(id="a/b", rom="boot@1.0", symbols=["checksum"]), "INVALID_ARGUMENT", "must not contain"),
])
def test_what_makes_no_sense_is_refused_in_a_line(daemon, messages, fleet, fields, code, words):
    service = Service(daemon, messages)
    service.publish("boot", "1.0", fleet.rom1)
    status, text = status_of(lambda: service.advise(fields.pop("id"), fields.pop("rom"), *fields.pop("symbols"), **fields))
    assert status == getattr(grpc.StatusCode, code) and words in text and "\n" not in text
    assert len(text) < 4000 and not service.advisories(), "nothing is recorded"


def test_a_wrong_name_gets_a_hint(daemon, messages, fleet):
    service = Service(daemon, messages)
    service.publish("boot", "1.0", fleet.rom1)
    with pytest.raises(grpc.RpcError) as refused:
        service.advise("A", "boot@1.0", "checksun")
    details = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"did you mean checksum?" in details


def test_parts_that_the_compiler_split_off_are_meant_too(daemon, messages, fleet):
    service = Service(daemon, messages)
    parts = """
__attribute__((noinline)) unsigned rest(unsigned a) __asm__("verify.part.0");
unsigned rest(unsigned a) { return (a >> 5) * 40961 + (a ^ 77777) + (a << 7); }
unsigned verify(unsigned a) { return a == 0 ? 0 : rest(a); }
unsigned verifier(unsigned a) { return a * 3 + 11111; }
unsigned (*volatile keep)(unsigned);
void reset(void) { keep = verify; keep = verifier; keep = rest; for (;;) {} }
"""
    rom = fleet.link("split.elf", "ld.lld-19", fleet.compile("split", parts), keep="reset")
    service.publish("split", "1.0", rom)
    answer = service.advise("CVE-2026-0003", "split@1.0", "verify")
    assert [t.symbol for t in answer.advisory.targets] == ["verify", "verify.part.0"]
    assert {a.symbol for a in answer.affected} == {"verify", "verify.part.0"}
