"""Pages of `instruments`, judged as tests/matrix/pages.py judges the others.

The papers are the county office's, to Qingshi street and to the noodle shop; the talk is with the street alone.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.instruments import actions
from bihuan.instruments.models import Instrument, InstrumentRecipient

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
instruments:list              | GET      | list      | OL OO DL DO LL LO EM IS |
instruments:mine              | GET      | list      | OL OO DL DO LL LO EM |
instruments:export            | GET POST | list      | OL OO DL DO LL LO EM IS |
instruments:types             | GET      | list      | OL OO DL DO LL LO EM IS |
instruments:type reminder     | GET POST | list      | OO                  |
instruments:create            | GET POST | list      | OO DO               |
instruments:feedback          | GET POST | street    | OO                  | DO
instruments:detail            | GET      | street    | OL OO LL LO EM IS   | DL DO
instruments:edit              | GET POST | street    | OO                  | DO
instruments:talk              | GET POST | street    | OO                  | DO
instruments:act submit        | POST     | street    | OO                  | DL DO LL LO EM
instruments:act discard       | POST     | street    | OL OO               | DL DO LL LO EM
instruments:recipient receive | POST     | street    | LL LO               | DL DO EM
instruments:recipient service | POST     | street    | OL OO               | DL DO EM
instruments:recipient accept  | POST     | street    | OL OO               | DL DO EM
instruments:commitment report | POST     | street    | LL LO               | DL DO EM
instruments:commitment confirm | POST    | street    | OL OO               | DL DO EM
instruments:triggers          | GET      | list      | OL OO DL DO LL LO EM IS |
instruments:shipped_triggers  | POST     | list      | OO                  |
instruments:new_trigger       | GET POST | list      | OO                  |
instruments:trigger           | GET      | street    | OL OO IS            | DL DO LL LO EM
instruments:edit_trigger      | GET POST | street    | OO                  |
instruments:trigger_off       | POST     | street    | OO                  |
instruments:try               | POST     | street    | OO                  |
instruments:trigger_on        | POST     | street    | OO                  |
instruments:trial             | GET      | street    | OL OO IS            | DL DO LL LO EM
duties:new_rung               | POST     | list      | OO                  |
duties:drop_rung              | POST     | list      | OO                  |
duties:drafting_ladder        | POST     | list      | OO                  |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "instruments:type": {"key": "="},
    "instruments:feedback": {"pk": "oversight_round"},
    "instruments:detail": {"pk": "instrument"},
    "instruments:edit": {"pk": "instrument_draft"},
    "instruments:talk": {"pk": "instrument_talk"},
    "instruments:act": {"pk": "instrument_draft", "key": "="},
    "instruments:recipient": {"pk": "instrument_recipient", "key": "="},
    "instruments:commitment": {"pk": "instrument_commitment", "key": "="},
    "instruments:trigger": {"pk": "trigger"},
    "instruments:edit_trigger": {"pk": "trigger"},
    "instruments:trigger_off": {"pk": "trigger"},
    "instruments:try": {"pk": "trigger_version"},
    "instruments:trigger_on": {"pk": "trigger_version"},
    "instruments:trial": {"pk": "trial"},
    "duties:drop_rung": {"pk": "trigger"},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {
    "instruments:act discard": {"reason": "=重写"},
    "instruments:recipient service": {"method": "=handed", "receiver_name": "=郑守一"},
    "instruments:commitment report": {"text": "=已办"},
    "instruments:try": {"months": "=2"},
    "instruments:trigger_off": {"reason": "=不用了"},
}
MARKS: dict[str, str] = {"instruments:list": "好味来面馆"}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    world, officer, leader = stage.world, stage.inside["OO"], stage.inside["OL"]
    own, street, shop = (
        world.organizations.county_office,
        world.organizations.qingshi,
        world.organizations.shop,
    )

    def draft(title: str, **changes: Any) -> Instrument:
        given: dict[str, Any] = {
            "kind": "supervision", "title": title, "situation": "进展缓慢", "demand": "抓紧办理", "recipients": [street, shop],
        }  # fmt: skip
        return actions.draft_instrument(actions.Draft(**(given | changes)), organization=own, by=officer)

    def issue(instrument: Instrument) -> Instrument:
        actions.submit_instrument(instrument, by=officer)
        actions.check_instrument(instrument, by=leader)
        actions.sign_instrument(instrument, revision=1, by=leader)
        return Instrument.objects.select_related("organization", "paper").get(pk=instrument.pk)

    waiting = draft("好味来面馆进展缓慢的督办单")
    paper = issue(draft("好味来面馆逾期整改的督办单"))
    # One that every line of work inside sees in its list.
    issue(draft("好味来面馆用气安全的督办单", recipients=[street, shop, world.organizations.housing]))
    now = timezone.now()
    talk = issue(
        draft(
            "约谈",
            kind="talk",
            meet_at=now + dt.timedelta(seconds=1),
            meet_place="会议室",
            recipients=[street],
        )
    )
    met = issue(
        draft(
            "又一次约谈",
            kind="talk",
            meet_at=now + dt.timedelta(seconds=1),
            meet_place="会议室",
            recipients=[street],
        )
    )
    recipient = InstrumentRecipient.objects.select_related("organization", "escalated_to").get(instrument=met)
    held = actions.TalkHeld(
        now, "会议室", "主任", "郑守一", "谈话", [recipient],
        [actions.Promise(recipient, "月底前办完", timezone.localdate() + dt.timedelta(days=9))],
    )  # fmt: skip
    actions.record_talk(met, held, by=officer)
    setting = actions.Setting(
        source="duty.overdue", parameters={"days": 5}, region=world.regions.yunxi, period="once", audience="organization",
        kind="reminder", document="云区安办〔2026〕1号", effective_from=timezone.localdate(),
    )  # fmt: skip
    trigger = actions.create_trigger("逾期 5 天", setting, organization=own, by=officer)
    version = trigger.versions.get()
    trial = actions.start_trial(version, months=1, by=officer)
    return {
        "instrument": paper.pk,
        "instrument_draft": waiting.pk,
        "instrument_talk": talk.pk,
        "instrument_recipient": paper.recipients.get(organization=street).pk,
        "instrument_commitment": met.commitments.get().pk,
        "trigger": trigger.pk,
        "trigger_version": version.pk,
        "trial": trial.pk,
    }
