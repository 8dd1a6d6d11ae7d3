"""What arrives becomes what it should: filings of returns, a register of listings, matters to deal with, drafts of plans."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.attachments import queries as files
from bihuan.campaigns.models import PlanDocument, PlanItem
from bihuan.core.digest import hash_bytes
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.exchange.actions import handing, receiving, sending
from bihuan.exchange.actions.receiving import receive
from bihuan.exchange.kinds.plans import pack_plan
from bihuan.exchange.kinds.returns import VERDICT, pack_filing
from bihuan.exchange.models import Handover, ListedElsewhere, Package, Peer, ReturnReceived
from bihuan.exchange.wire.archive import read_package
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard
from bihuan.inspections.tests.factories import make_campaign, picture
from bihuan.returns import actions as returns
from bihuan.returns.models import Filing, Return
from bihuan.returns.tests.factories import make_period, return_of

from .fellow import Fellow, befriend, set_up

MONTH = dt.date(2026, 9, 1)


@pytest.fixture
def own(world):
    return set_up(world)


@pytest.fixture
def fellow(world, own):
    fellow = Fellow()
    befriend(world, fellow)
    return fellow


def take(data: bytes) -> Package:
    return receive(data, way="door")


class _Undone(Exception):
    pass


def signed_below(world, *, text: str = "") -> dict[str, Any]:
    """What the street's installation packs: signed in a world of its own, which is then undone here."""
    packed: dict[str, Any] = {}
    try:
        with transaction.atomic():
            record = return_of(make_period(world, MONTH), world.organizations.qingshi)
            if text:
                returns.save_draft(record, {"trained": text}, "", {}, by=world.people.qingshi_officer)
            filing = returns.sign_return(record, by=world.people.qingshi_officer, zero=True)
            ready = pack_filing(
                Filing.objects.select_related("record__organization", "record__period__definition", "by").get(
                    pk=filing.pk
                )
            )
            packed.update(ready.content)
            raise _Undone
    except _Undone:
        return packed


def test_a_return_signed_below_is_filed_here_to_the_byte(world, own, fellow):
    content = signed_below(world)
    period = make_period(world, MONTH)
    package = take(fellow.package("return", content, own))
    assert (package.status, package.note) == ("applied", "已进入收报")
    record = return_of(period, world.organizations.qingshi)
    filing = record.current
    assert (record.status, filing.body, filing.digest) == ("signed", content["body"], content["digest"])
    assert (filing.received_from, filing.by_title) == ("青石街道应急办", content["signer"])
    assert not Duty.objects.open().filter(kind="return", organization=world.organizations.qingshi).exists()
    assert take(fellow.package("return", content, own)).status == "applied"
    assert Filing.objects.count() == 1


def test_a_return_whose_period_is_not_open_waits_for_it(world, own, fellow):
    package = take(fellow.package("return", signed_below(world), own))
    assert (package.status, "没有开报" in package.note) == ("applied", True)
    assert ReturnReceived.objects.get().filing is None
    assert receiving.place_waiting() == 0
    make_period(world, MONTH)
    assert receiving.place_waiting() == 1
    package.refresh_from_db()
    assert (ReturnReceived.objects.get().filing is not None, package.note) == (True, "已进入收报")
    assert receiving.place_waiting() == 0


def test_a_correction_replaces_until_it_was_accepted(world, own, fellow):
    first, second = signed_below(world), signed_below(world, text="12")
    period = make_period(world, MONTH)
    take(fellow.package("return", first, own))
    take(fellow.package("return", second | {"number": 2, "reason": "补填培训"}, own))
    record = return_of(period, world.organizations.qingshi)
    assert (record.status, record.filings_count, record.current.body) == ("signed", 2, second["body"])
    returns.accept(record, by=world.people.office)
    package = take(fellow.package("return", first | {"number": 3}, own))
    assert (package.status, "已审收" in package.note) == ("refused", True)


def test_changed_or_foreign_returns_are_refused(world, own, fellow):
    content = signed_below(world)
    make_period(world, MONTH)
    package = take(
        fellow.package("return", content | {"body": content["body"].replace('"0"', '"9"', 1)}, own)
    )
    assert (package.status, "摘要不符" in package.note) == ("refused", True)
    package = take(fellow.package("return", content | {"region": "539721100"}, own))
    assert (package.status, "区划" in package.note) == ("refused", True)
    assert not Return.objects.filter(current__isnull=False).exists()


def test_a_refused_return_without_its_parts_still_opens_its_page(client, world, own, fellow):
    body = '{"definition": {"name": "月报"}}'
    broken = signed_below(world) | {"body": body, "digest": hash_bytes(body.encode())}
    package = take(fellow.package("return", broken, own))
    assert package.status == "refused"
    sign_in(client, world.people.office)
    assert client.get(package.get_absolute_url()).status_code == 200


def test_a_worker_stopped_while_packing_has_told_nothing(world, own, fellow, monkeypatch):
    content = signed_below(world)
    period = make_period(world, MONTH)
    take(fellow.package("return", content, own))
    Peer.objects.update(sends=["verdict"])
    peer = Peer.objects.get()
    returns.send_back(
        return_of(period, world.organizations.qingshi), "数字对不上", {}, by=world.people.office
    )
    with monkeypatch.context() as broken:
        broken.setattr(sending, "write_package", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sending.queue_due(peer, by=world.people.robot)
    assert sending.queue_due(peer, by=world.people.robot) == 1


def test_what_the_office_decides_goes_down_once(world, own, fellow):
    content = signed_below(world)
    period = make_period(world, MONTH)
    take(fellow.package("return", content, own))
    peer = Peer.objects.get()
    Peer.objects.update(sends=["verdict"])
    peer.refresh_from_db()
    assert sending.queue_due(peer, by=world.people.robot) == 0
    returns.send_back(
        return_of(period, world.organizations.qingshi), "数字对不上，请核对", {}, by=world.people.office
    )
    assert sending.queue_due(peer, by=world.people.robot) == 1
    assert sending.queue_due(peer, by=world.people.robot) == 0
    opened = read_package(sending.bytes_of(Package.objects.get(kind=VERDICT.key)))
    assert (opened.content["move"], opened.content["digest"]) == ("send_back", content["digest"])
    assert "请核对" in opened.content["reason"]


def row(**changed: Any) -> dict[str, Any]:
    return {
        "remote": "7", "number": "GP2026-00007", "title": "占压燃气管道", "place": "好味来面馆", "region": "539702001",
        "region_name": "青石街道", "level": "县级挂牌", "state": "挂牌整改", "is_open": True, "responsible": "青石街道",
        "progress": "", "listed_on": "2026-10-01", "due_on": "2026-12-01", "closed_on": None,
    } | changed  # fmt: skip


def test_the_register_follows_the_last_package(world, own, fellow):
    take(fellow.package("register", {"rows": [row(), row(remote="8", title="占道")]}, own))
    assert ListedElsewhere.objects.filter(is_open=True).count() == 2
    take(
        fellow.package(
            "register",
            {"rows": [row(progress="60%", is_open=False, state="已摘牌", closed_on="2026-11-01")]},
            own,
        )
    )
    first, second = ListedElsewhere.objects.order_by("remote")
    assert (first.is_open, first.progress, first.state) == (False, "60%", "已摘牌")
    assert (second.is_open, second.state) == (False, "对方不再列出")
    package = take(fellow.package("register", {"rows": [row(region="539721")]}, own))
    assert (package.status, "区划" in package.note) == ("refused", True)
    package = take(fellow.package("register", {"rows": [row(), row()]}, own))
    assert (package.status, "重复" in package.note) == ("refused", True)


def matter(**changed: Any) -> dict[str, Any]:
    return {
        "number": str(uuid.uuid4()), "what": "hazard", "title": "云溪区好味来面馆：气瓶间与厨房连通", "reason": "市属企业",
        "region": "539702001", "enterprise": "云溪区好味来面馆", "description": "气瓶间与厨房连通",
        "found_on": timezone.localdate().isoformat(), "reply_by": (timezone.localdate() + dt.timedelta(days=5)).isoformat(),
        "facts": [["部位", "后厨"]], "author": "郑守一", "photos": [{"name": "现场.jpg"}],
    } | changed  # fmt: skip


def test_a_matter_is_taken_over_and_entered_with_its_photo(world, own, fellow):
    office, photo = world.people.office, picture(7)
    package = take(fellow.package("handover", matter(), own, (photo,)))
    assert (package.status, package.note) == ("applied", "待接收")
    handover = Handover.objects.get()
    assert len(files.of(handover)) == 1
    duty = Duty.objects.get(kind="exchange")
    assert (duty.organization, duty.due_on) == (world.organizations.office, handover.reply_by)
    with pytest.raises(PermissionDenied):
        handing.accept(handover, by=world.people.office_leader)
    handing.accept(handover, enterprise=world.enterprises.shop, by=office)
    hazard = Hazard.objects.get()
    assert (hazard.source, hazard.status, len(files.of(hazard))) == ("tip", "reported", 1)
    with pytest.raises(IllegalMove):
        handing.give_back(handover, reason="太晚了", by=office)
    with pytest.raises(ReasonRequired):
        handing.answer(handover, text=" ", by=office)
    handing.answer(handover, text="已责令停用", by=office)
    moves = [
        read_package(sending.bytes_of(each)).content["move"]
        for each in Package.objects.filter(kind="reply").order_by("pk")
    ]
    assert moves == ["accept", "answer"]
    assert Duty.objects.get(kind="exchange").status == "done"


def test_a_matter_is_given_back_with_its_reason(world, own, fellow):
    take(fellow.package("handover", matter(photos=[]), own))
    handover = Handover.objects.get()
    handing.give_back(handover, reason="属街道职责", by=world.people.office)
    reply = read_package(sending.bytes_of(Package.objects.get(kind="reply")))
    assert (reply.content["move"], reply.content["text"]) == ("return", "属街道职责")


def test_what_is_no_photo_is_refused_with_the_matter(world, own, fellow):
    package = take(fellow.package("handover", matter(), own, (b"MZ\x90\x00not a picture",)))
    assert package.status == "refused"
    assert not Handover.objects.exists()
    package = take(fellow.package("handover", matter(), own))
    assert (package.status, "照片数" in package.note) == ("refused", True)


def test_a_hazard_goes_to_another_level_once(world, own, fellow):
    office, peer = world.people.office, Peer.objects.get()
    hazard = make_hazard(world)
    with pytest.raises(PermissionDenied):
        handing.hand_over(hazard, peer, reason="不归本级", by=world.people.inspector)
    handover = handing.hand_over(hazard, peer, reason="不归本级", by=office)
    with pytest.raises(IllegalMove):
        handing.hand_over(hazard, peer, reason="再移送", by=office)
    reply = {"number": str(handover.number), "move": "accept", "text": "", "author": "郑守一"}
    take(fellow.package("reply", reply, own))
    take(fellow.package("reply", reply | {"move": "answer", "text": "已整改"}, own))
    handover.refresh_from_db()
    assert (handover.status, handover.answer) == ("answered", "已整改")
    package = take(fellow.package("reply", reply | {"move": "return", "text": "反悔"}, own))
    assert package.status == "refused"
    package = take(fellow.package("reply", reply | {"number": str(uuid.uuid4())}, own))
    assert (package.status, "没有这件移送" in package.note) == ("refused", True)


@pytest.mark.django_db(transaction=True)
def test_two_who_hand_the_same_hazard_over_at_once(world):
    set_up(world)
    befriend(world, Fellow())
    hazard = make_hazard(world)

    def hand():
        subject = Hazard.objects.select_related("enterprise").get(pk=hazard.pk)
        peer = Peer.objects.get()
        return lambda: handing.hand_over(subject, peer, reason="不归本级", by=world.people.office)

    assert outcomes(hand(), hand()) == ["IllegalMove", "done"]
    assert Handover.objects.count() == 1


def test_a_plan_from_above_is_a_draft_to_be_checked(world):
    own = set_up(world)
    above = Fellow(region="53", region_name="云岭省", name="云岭省安委办")
    befriend(world, above)
    campaign = make_campaign(world).campaign
    plan = campaign.plan
    phase = PlanItem.objects.create(
        document=plan, kind="phase", position=1, data={"name": "排查", "start": None, "end": None}
    )
    PlanItem.objects.create(
        document=plan,
        kind="task",
        position=2,
        data={"heading": "餐饮", "text": "排查", "phase": phase.pk, "lead": ["市住建局"]},
    )
    ready = pack_plan(campaign, own)
    package = take(above.package("plan", ready.content, own, ready.files))
    assert package.status == "applied", package.note
    draft = PlanDocument.objects.get(status="draft")
    assert (draft.title, draft.region_id, draft.items.count()) == (plan.title, "5397", 2)
    task, phase = draft.items.get(kind="task"), draft.items.get(kind="phase")
    assert (task.data["phase"], task.state) == (phase.pk, "proposed")
    again = take(above.package("plan", ready.content, own, ready.files))
    assert again.note == "本系统已有这份方案"
    assert PlanDocument.objects.filter(status="draft").count() == 1
    broken = take(above.package("plan", ready.content, own, (b"\x00\x01\x02nothing",)))
    assert broken.status == "refused"


def test_a_plan_does_not_come_from_below(world, own, fellow):
    ready = pack_plan(make_campaign(world).campaign, own)
    package = take(fellow.package("plan", ready.content, own, ready.files))
    assert (package.status, "不应由这一级" in package.note) == ("refused", True)
