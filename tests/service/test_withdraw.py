"""Withdrawn ROMs: marked wherever they are shown, retrievable for good, refused or warned of by new links."""
import json

import grpc
import pytest

from conftest import refused
from fleet import Fleet, Service, status_of


@pytest.fixture
def boot(cli, programs):
    """boot@1.0 is published; its hash."""
    result = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def withdraw(cli, *options, reason="it was never shipped"):
    done = cli("rom", "withdraw", "boot@1.0", "--reason", reason, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_is_marked_and_stays(cli, boot, programs):
    assert "WITHDRAWN" not in cli("rom", "list").stdout
    assert withdraw(cli) == "boot@1.0 is withdrawn: new links are refused"
    assert withdraw(cli) == "boot@1.0 is withdrawn already: new links are refused"
    header, row = cli("rom", "list").stdout.splitlines()
    assert header.endswith("WITHDRAWN") and row.endswith("it was never shipped")
    shown = cli("rom", "show", "boot@1.0").stdout
    assert "withdrawn" in shown and "links are refused: it was never shipped" in shown
    described = json.loads(cli("rom", "show", "boot@1.0", "--json").stdout)["withdrawal"]
    assert described["links"] == "REFUSE" and described["reason"] == "it was never shipped" and described["withdrawnAt"]
    fetched = cli("rom", "fetch", boot, "--role", "elf", "--out", "out")
    assert fetched.returncode == 0 and "was withdrawn: it was never shipped" in fetched.stderr
    assert (cli.folder / "out" / "rom.elf").read_bytes() == programs.rom.read_bytes()
    (cli.folder / "dump").write_bytes(programs.image)
    identified = cli("rom", "identify", "dump")
    assert identified.returncode == 0 and boot in identified.stdout
    assert "boot@1.0 was withdrawn: it was never shipped" in identified.stderr
    assert json.loads(cli("rom", "identify", "dump", "--json").stdout)["rom"]["withdrawal"]["links"] == "REFUSE"


def test_new_links_are_refused(cli, boot, programs):
    linked = cli("link", "--rom", "boot@1.0", "--", *programs.arguments())
    assert linked.returncode == 0, linked.stderr
    (cli.folder / "fw.elf").rename(cli.folder / "old.elf")
    withdraw(cli)
    for command in ("link", "plan"):
        line = refused(cli(command, "--rom", "boot@1.0", "--report", "r.json", "--", *programs.arguments()), 1,
                       "boot@1.0", "it was withdrawn: it was never shipped")
        assert "cannot link against the ROM" in line
    assert sorted(p.name for p in cli.folder.iterdir()) == ["old.elf"]
    checked = cli("check", "old.elf", "--rom", "boot@1.0")
    assert checked.returncode == 0 and "was withdrawn" in checked.stderr, "what was linked belongs there still"


def test_new_links_warn(cli, boot, programs):
    withdraw(cli, "--links", "warn")
    linked = cli("link", "--rom", "boot@1.0", "--report", "r.json", "--", *programs.arguments())
    assert linked.returncode == 0 and (cli.folder / "fw.elf").exists()
    (finding,) = [f for f in json.loads((cli.folder / "r.json").read_text())["findings"] if f["code"] == "ROM_WITHDRAWN"]
    assert finding["severity"] == "WARNING" and finding["message"] == "boot@1.0 was withdrawn: it was never shipped"
    assert "boot@1.0 was withdrawn" in linked.stdout
    dropped_in = cli("--romlink-server=" + cli.where[1], "--romlink-rom=boot@1.0", *programs.arguments(),
                     program="ld.romlink")
    assert dropped_in.returncode == 0 and "was withdrawn: it was never shipped" in dropped_in.stderr
    audited = json.loads(cli("audit", "rom", "boot@1.0", "--json").stdout)
    assert "ROM_WITHDRAWN" in [f["code"] for f in audited["findings"]]


def test_it_can_be_taken_back(cli, boot, programs):
    assert withdraw(cli, "--links", "allow") == "boot@1.0 is not withdrawn"
    withdraw(cli)
    assert withdraw(cli, "--links", "allow", reason="it was another one") == "boot@1.0 is withdrawn no more"
    assert "no more: it was another one" in cli("rom", "show", "boot@1.0").stdout
    assert "WITHDRAWN" not in cli("rom", "list").stdout
    linked = cli("link", "--rom", "boot@1.0", "--report", "r.json", "--", *programs.arguments())
    assert linked.returncode == 0 and "ROM_WITHDRAWN" not in (cli.folder / "r.json").read_text()
    verified = cli("archive", "verify")
    assert verified.returncode == 0, verified.stderr


def test_bad_requests_are_one_line(cli, boot):
    refused(cli("rom", "withdraw", "boot@1.0"), 2, "--reason")
    refused(cli("rom", "withdraw", "boot@1.0", "--reason", ""), 2, "reason", "must not be empty")
    refused(cli("rom", "withdraw", "boot@1.0", "--reason", "two\nlines"), 2, "control character")
    refused(cli("rom", "withdraw", "boot@1.0", "--reason", "x", "--links", "maybe"), 2, "--links")
    refused(cli("rom", "withdraw", "boot@2.0", "--reason", "x"), 4, "boot@2.0")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return Fleet(tmp_path_factory.mktemp("fleet"))


def test_over_grpc_one_of_several(daemon, messages, fleet):
    service = Service(daemon, messages)
    for version, elf in (("1.0", fleet.rom1), ("2.0", fleet.rom2)):
        service.publish("boot", version, elf)
    a = messages.archive
    withdraw_rom = "/romlink.v1.ArchiveService/WithdrawRom"
    request = a.WithdrawRomRequest(rom="boot@2.0", links=a.Withdrawal.WARN, reason="use 3.0")
    answer = daemon.unary(withdraw_rom, request, a.WithdrawRomResponse)
    assert not answer.already_recorded and answer.rom.withdrawal.reason == "use 3.0" and answer.rom.version == "2.0"
    assert daemon.unary(withdraw_rom, request, a.WithdrawRomResponse).already_recorded
    report, image, release, _ = service.link(service.request(fleet, "boot@1.0", other_roms=["boot@2.0"]))
    assert image and release
    assert [f.message for f in report.findings if f.code == "ROM_WITHDRAWN"] == ["boot@2.0 was withdrawn: use 3.0"]
    request.links = a.Withdrawal.REFUSE
    daemon.unary(withdraw_rom, request, a.WithdrawRomResponse)
    code, info = status_of(lambda: service.link(service.request(fleet, "boot@1.0", other_roms=["boot@2.0"])))
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(grpc.RpcError) as error:
        daemon.unary(withdraw_rom, a.WithdrawRomRequest(rom="boot@1.0", reason="x"), a.WithdrawRomResponse)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT, "links must be said"
