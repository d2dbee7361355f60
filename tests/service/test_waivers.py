"""Suggested waivers on their whole way: asked for, judged, refused without a reason, taken with one."""
import json

import pytest

from conftest import refused


@pytest.fixture
def other(cli, programs):
    """boot@2.0 is published: its mul adds 8, the firmware's 7."""
    result = cli("rom", "publish", "--name", "boot", "--version", "2.0", "--elf", programs.other_rom)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def report_of(cli, programs, *options):
    result = cli("plan", "--json", *options, "--", *programs.arguments())
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def lines_to_paste(text):
    """From the printed report: the first [[waive]] table, as a person would copy it."""
    table = text[text.index("[[waive]]"):]
    return table.partition("\n\n")[0] + "\n"


def test_a_suggestion_can_be_taken_once_it_has_a_reason(cli, programs, other):
    suggested = report_of(cli, programs, "--rom", other, "--suggest-waivers")["suggestions"]
    assert [s["symbols"] for s in suggested] == [["mul"]]
    assert suggested[0]["gainBytes"] > 0 and suggested[0]["unlockedSymbols"] == 1
    (difference,) = suggested[0]["differences"]
    assert difference["summary"] == f"constant differs at +{difference['offset']:#x}, ROM 8, firmware 7"
    assert "#8" in difference["romListing"] and "#7" in difference["firmwareListing"]

    text = cli("plan", "--rom", other, "--suggest-waivers", "--html", "plan.html", "--", *programs.arguments()).stdout
    assert difference["summary"] in text and f'rom    = "{other}"' in text
    assert "Waivers that would gain most" in (cli.folder / "plan.html").read_text()
    policy = cli.folder / "policy.toml"
    policy.write_text(lines_to_paste(text))
    refused(cli("plan", "--rom", other, "--policy", policy, "--", *programs.arguments()), 2, "policy.toml:3")

    policy.write_text(lines_to_paste(text).replace('reason = ""', 'reason = "one more or less is the same here"'))
    report = report_of(cli, programs, "--rom", other, "--policy", policy, "--suggest-waivers")
    assert report["suggestions"] == []
    (accepted,) = report["accepted"]
    assert (accepted["symbol"], accepted["rule"], accepted["reason"]) == ("mul", "waive", "one more or less is the same here")
    assert accepted["difference"] == difference
    mul = next(s for s in report["symbols"] if s["name"] == "mul")
    assert (mul["decision"], mul["evidence"]) == ("SHARED", "API_COMPATIBLE")
    assert accepted["bytes"] == mul["size"]


def test_suggestions_are_only_made_where_they_are_asked_for(cli, programs, other):
    assert report_of(cli, programs, "--rom", other)["suggestions"] == []
    assert "aiver" not in cli("plan", "--rom", other, "--", *programs.arguments()).stdout


def test_a_link_makes_suggestions_too(cli, programs, other):
    result = cli("link", "--rom", other, "--suggest-waivers", "--", *programs.arguments())
    assert result.returncode == 0 and '[[waive]]\n   symbol = "mul"' in result.stdout, result.stderr
    assert (cli.folder / "fw.elf").exists()


def test_nothing_to_suggest_is_said_in_a_line(cli, programs):
    published = cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom)
    assert published.returncode == 0, published.stderr
    text = cli("plan", "--rom", "boot@1.0", "--suggest-waivers", "--", *programs.arguments()).stdout
    assert "\nNo waiver would make more of the firmware shareable.\n" in text
