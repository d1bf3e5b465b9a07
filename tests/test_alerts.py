"""People are told once of each cause, over every channel, and again only when it has cleared."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from assets.alerts.alert_causes import (
    EMPTY,
    FAILED,
    HELD,
    LATE,
    LEFT,
    MARKED,
    REFUSED,
    UNLISTED,
    UNREPORTED,
    WAITING,
    Cause,
    remembered_causes,
)
from assets.alerts.channels import ChannelError, channels
from assets.alerts.messages import NEXT, SUBJECTS, tell
from assets.lake.files import Lake
from tests.listeners import Hook, Mailbox, mail_server, webhook
from tests.toy import Toy

NOW = datetime(2015, 6, 1, 5, 20)
PERIOD = "{mode: replace_period, period: day, unit: month}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as found:
        yield found


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as box:
        monkeypatch.setenv("VENTETAL_SMTP_URL", box.url)
        monkeypatch.setenv("VENTETAL_MAIL_FROM", "ventetal@region.example")
        monkeypatch.setenv("VENTETAL_MAIL_TO", "vagt@region.example, drift@region.example")
        yield box


def test_each_channel_gets_what_it_understands(hook: Hook, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENTETAL_SLACK_WEBHOOK", hook.url)
    monkeypatch.setenv("VENTETAL_TEAMS_WEBHOOK", hook.url)
    tell(Lake(tmp_path), [Cause(HELD, "servicedesk", "Calls < 1 & æøå.")], channels(), NOW)

    slack, teams = hook.posted
    assert slack["text"].startswith("*ventetal: servicedesk is held at its last good figures*\nCalls &lt; 1 &amp; æøå.\n")
    [card] = teams["attachments"]
    assert (teams["type"], card["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert [line["text"] for line in card["content"]["body"]][1] == "Calls < 1 & æøå."
    [mail] = mailbox.mails
    assert mail["Subject"] == "ventetal: servicedesk is held at its last good figures"
    assert (mail["From"], mail["To"]) == ("ventetal@region.example", "vagt@region.example, drift@region.example")
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Calls < 1 & æøå." in text.decode()


def test_a_cause_is_told_once_until_it_has_cleared(hook: Hook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENTETAL_SLACK_WEBHOOK", hook.url)
    lake, late, held = Lake(tmp_path), Cause(LATE, "a", "due"), Cause(HELD, "a", "fails")

    def told(*causes: Cause) -> list[str]:
        return [m.subject.removeprefix("ventetal: ") for m in tell(lake, causes, channels(), NOW)]

    assert told(late, held) == ["an extract for a is late", "a is held at its last good figures"]
    assert told(late, Cause(HELD, "a", "fails otherwise")) == []
    assert told(held, Cause(HELD, "b", "fails")) == ["b is held at its last good figures", "cleared: an extract for a is late"]
    assert told() == ["cleared: a is held at its last good figures", "cleared: b is held at its last good figures"]
    assert told(held) == ["a is held at its last good figures"]
    assert len(hook.posted) == 7


def test_a_channel_that_was_down_is_told_later_and_the_other_one_not_twice(
    hook: Hook, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VENTETAL_SLACK_WEBHOOK", hook.url)
    lake, cause = Lake(tmp_path), Cause(FAILED, "", "Run 12345678.")
    hook.is_down = True
    tell(lake, [cause], channels(), NOW)
    assert (len(hook.posted), len(mailbox.mails)) == (0, 1)
    hook.is_down = False
    tell(lake, [cause], channels(), NOW)
    tell(lake, [cause], channels(), NOW)
    assert (len(hook.posted), len(mailbox.mails)) == (1, 1)
    assert "SECRET" not in str(capsys.readouterr())


@pytest.mark.parametrize(
    ("setting", "value"),
    [("VENTETAL_SLACK_WEBHOOK", "hooks/SECRET"), ("VENTETAL_SMTP_URL", "mail://SECRET"), ("VENTETAL_SMTP_URL", "smtp://SECRET")],
)
def test_a_setting_that_cannot_be_meant_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, setting: str, value: str) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(ChannelError, match=setting) as said:
        channels()
    assert "SECRET" not in str(said.value)


def test_what_a_run_leaves_behind_is_a_cause_until_a_run_no_longer_finds_it(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock=PERIOD, sales=PERIOD)

    def left() -> set[tuple[str, str]]:
        toy.night()
        return {(c.kind, c.domain) for c in remembered_causes(toy.lake)} - {(LATE, "stock_domain"), (LATE, "sales_domain")}

    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2, c 3")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "").write_text("Something;else\n1;2\n")
    assert left() == {(REFUSED, "sales_domain")}
    toy.deliver("stock", "stock_2015-01_received-20150301-0600.csv", "a 9")
    toy.deliver("sales", "sales_2015-01_received-20150701-0600.csv", "a 10")
    toy.now = datetime(2015, 7, 2)
    assert left() == {(WAITING, "stock_domain")}
    toy.deliver("stock", "stock_2015-01_received-20150702-0600.csv", "a -5, b 2, c 3")
    toy.now = datetime(2015, 7, 3)
    assert left() == {(HELD, "stock_domain")}
    [held] = [c for c in remembered_causes(toy.lake) if c.kind == HELD]
    assert "Nothing is counted below zero" in held.why
    toy.deliver("stock", "stock_2015-01_received-20150703-0600.csv", "a 5, b 2, c 3")
    toy.now = datetime(2015, 7, 4)
    assert left() == set()


def test_every_kind_of_cause_has_its_words() -> None:
    assert set(NEXT) == set(SUBJECTS) == {HELD, MARKED, WAITING, REFUSED, LATE, EMPTY, LEFT, FAILED, UNREPORTED, UNLISTED}
