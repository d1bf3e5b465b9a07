"""The runbook: a section for whatever calls somebody, links that lead somewhere, and commands that exist."""

import re
import shlex

import pytest
import typer
from click import Command

from assets.alerts import alert_causes
from assets.alerts.messages import NEXT
from pipelines.cli import app
from pipelines.status_screen import RED
from sources.settings import PROJECT

TEXT = (PROJECT / "deploy" / "RUNBOOK.md").read_text("utf-8")
SECTIONS = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
COMMANDS = sorted({" ".join(found.split()) for found in re.findall(r"`ventetal ([a-z][^`]*)`", TEXT)})
GROUP = typer.main.get_command(app)


def test_whatever_calls_somebody_has_a_section() -> None:
    assert {kind.capitalize() for kind in NEXT} <= set(SECTIONS)
    assert {word.capitalize() for word in RED} - {"Damaged"} | {"Damage"} <= set(SECTIONS)
    assert {alert_causes.HELD, alert_causes.FAILED} <= set(NEXT)


def test_every_link_leads_to_a_section() -> None:
    anchors = {section.lower().replace(" ", "-") for section in SECTIONS}
    linked = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert len(linked) > 10
    assert set(linked) <= anchors
    assert anchors - set(linked) <= set(), "a section that the table does not name"


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_with_those_options(line: str) -> None:
    command: Command = GROUP
    words = shlex.split(line.replace("...", "x"))
    while words and (inner := getattr(command, "commands", {}).get(words[0])):
        command, words = inner, words[1:]
    assert command is not GROUP, line
    with command.make_context(line, [w if w != "FILE" else __file__ for w in words], resilient_parsing=False) as context:
        assert context.params is not None


def test_the_readme_points_there() -> None:
    assert "(deploy/RUNBOOK.md)" in (PROJECT / "README.md").read_text("utf-8")
