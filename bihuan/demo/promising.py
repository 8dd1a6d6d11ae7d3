"""What enterprises of the demo city promise, check themselves and do in batches, through the real actions."""

from __future__ import annotations

import base64
import datetime as dt
import random
import uuid
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.attachments.actions import store_upload
from bihuan.batches import actions as batches
from bihuan.batches.models import Batch, BatchObject
from bihuan.batches.workflow import ObjectStatus
from bihuan.campaigns.models import Campaign
from bihuan.duties.sweep import sweep
from bihuan.inspections.asking import asked
from bihuan.inspections.models import Inspection
from bihuan.inspections.submission import AnswerGiven, Submission
from bihuan.pledges import actions as pledges
from bihuan.pledges.models import Pledge, PledgeForm, Referral
from bihuan.pledges.queries import campaigns_covering, walkable
from bihuan.pledges.standing import own_enterprise, posts_with
from bihuan.registry.models import Enterprise
from bihuan.rules.codes import id_check_sign

from .city import City
from .evidence import signature_png
from .moments import as_of, at_hour
from .photos import photo
from .readings import reading

SIGNED = 16  # days ago the promises were signed
CHECKED = 9  # days ago the line department came
FIRST_BATCH, FIRST_DUE = 75, 12  # days ago: notices of the first batch, its deadline
SECOND_BATCH, SECOND_DUE = 5, -30
EACH = 7  # objects of a batch


def promise(city: City, campaign: Campaign) -> None:
    """Do it all: promises of two enterprises, a self-check, two batches with acceptance, subsidies and a late one."""
    rng = random.Random(536)  # noqa: S311 - invented data, no secret
    pledges.ensure_forms()
    for login in ("qiye", "huagong"):
        _promise(city, User.objects.get(pk=city.users[login].pk), rng)
        _certify(city, User.objects.get(pk=city.users[login].pk), rng)
    _check_oneself(city, User.objects.get(pk=city.users["qiye"].pk), rng)
    _batches(city, campaign)


def _id_number(rng: random.Random) -> str:
    """A number with a valid check sign in a county that does not exist: nobody's."""
    body = f"5397{rng.randint(21, 29)}19{rng.randint(65, 89)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(100, 999)}"
    return body + id_check_sign(body)


def _picture(seed: int, caption: str, by: User) -> str:
    file = SimpleUploadedFile(f"{caption}.jpg", photo(seed, caption, before=False), content_type="image/jpeg")
    return str(store_upload(file, by=by).pk)


def _ink(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(signature_png(name)).decode()


def _promise(city: City, manager: User, rng: random.Random) -> None:
    own = own_enterprise(manager)
    if own is None:
        return
    form = PledgeForm.objects.get(key="fire_self_check", is_active=True)
    name = city.safety.get(own.pk, manager.full_name)
    with as_of(at_hour(city.today - dt.timedelta(days=SIGNED), 15)):
        campaign = next(iter(campaigns_covering(own)), None)
        pledge = pledges.start_draft(own, form, by=manager, campaign=campaign)
        keys = ("responsible", "manager", "contact")
        people = {
            key: {"name": name, "phone": f"1990000{rng.randint(0, 9999):04d}", "id_number": _id_number(rng)}
            for key in keys
        }
        pledges.save_draft(
            pledge,
            values={"use_code": pledge.use_code or "22", "answers": {}, "remarks": "设备已订货，到货前专人看守。"},
            persons=people,
            lines=[
                _line("corrected", "安全出口", "出口处堆放桌椅", measures="已清空并划线，专人每日查看"),
                _line("corrected", "疏散楼梯", "应急照明灯损坏 2 只", measures="已更换并通电测试"),
                _line(
                    "uncorrected", "后厨", "没有与燃气报警联动的紧急切断阀", reason="设备在途", interim_measures="打烊关总阀，专人值守",
                    due_on=timezone.localdate() + dt.timedelta(days=20), responsible_person=name,
                ),
            ],
            by=manager,
        )  # fmt: skip
        pledges.sign(
            pledge, image=_ink(name), seal=[_picture(9100 + own.pk, "单位印章", manager)], by=manager
        )
    _verify(city, Pledge.objects.get(pk=pledge.pk))


def _certify(city: City, manager: User, rng: random.Random) -> None:
    """Who holds what: one in order, one to be reviewed soon, one past its end."""
    own = own_enterprise(manager)
    if own is None:
        return
    name = city.safety.get(own.pk, manager.full_name)
    today = city.today
    held = [
        ("safety_officer", "", name, today - dt.timedelta(days=400), today + dt.timedelta(days=695), None),
        (
            "special_operation", "低压电工", "罗守电", today - dt.timedelta(days=1050), today + dt.timedelta(days=1141),
            today + dt.timedelta(days=45),
        ),
        ("special_equipment", "气瓶作业", "石看瓶", today - dt.timedelta(days=1466), today - dt.timedelta(days=6), None),
    ]  # fmt: skip
    with as_of(at_hour(today - dt.timedelta(days=SIGNED + 4), 10)):
        for kind, line, person, issued_on, valid_to, review_by in held:
            number = (
                f"T{_id_number(rng)}" if kind == "special_operation" else f"YX{rng.randint(10**7, 10**8)}"
            )
            pledges.save_certificate(
                own, person_name=person, kind=kind, name=line, number=number, issuer="云溪市有关考核部门", issued_on=issued_on,
                valid_to=valid_to, review_by=review_by, by=manager,
            )  # fmt: skip


def _line(role: str, place: str, description: str, **more: object) -> dict[str, object]:
    return {
        "table": role,
        "role": role,
        "pk": None,
        "place": place,
        "description": description,
        "cells": {},
        **more,
    }


def _verify(city: City, pledge: Pledge) -> None:
    """The line department finds the catering house's second claim false; the chemical plant's waits."""
    officer = next(
        (
            user
            for user in map(_fresh, city.users.values())
            if any(
                post.organization_id == pledge.receiver_id
                for post in posts_with(user, Permission.VERIFY_PLEDGE)
            )
        ),
        None,
    )
    if officer is None or pledge.enterprise.kind_id != "restaurant":
        return
    with as_of(at_hour(city.today - dt.timedelta(days=CHECKED), 10)):
        first, second, third = pledge.lines.order_by("table", "position")
        pledges.judge_line(first, "true", by=officer)
        pledges.judge_line(
            second,
            "false",
            note="现场仍有 2 只不亮",
            photos=[_picture(9200, "疏散楼梯", officer)],
            by=officer,
        )
        pledges.judge_line(third, "true", by=officer)
        pledges.conclude(Pledge.objects.get(pk=pledge.pk), opinion="一项虚报，隐患已退回整改。", by=officer)


def _fresh(user: User) -> User:
    """The person without what was remembered about posts."""
    return User.objects.get(pk=user.pk)


def _check_oneself(city: City, manager: User, rng: random.Random) -> None:
    own = own_enterprise(manager)
    offered = walkable(own) if own else []
    if own is None or not offered:
        return
    at = at_hour(city.today - dt.timedelta(days=2), 9, 30)
    with as_of(at):
        items = asked(list(offered[0].checklist.items.order_by("position")), own)
        pledges.submit_self_check(
            Submission(
                client_id=uuid.UUID(int=rng.getrandbits(128), version=4),
                kind=Inspection.Kind.SELF_CHECK,
                enterprise=own,
                task=offered[0].task,
                checklist=offered[0].checklist,
                started_at=at - dt.timedelta(minutes=40),
                finished_at=at,
                members=(),
                accompanying_name="",
                answers=tuple(
                    AnswerGiven(
                        item.position,
                        "pass",
                        measured=reading(item.demand, rng, passes=True) if item.demand else "",
                        photos=(_picture(9300 + item.position, "自查", manager),)
                        if item.photo == "always"
                        else (),
                    )
                    for item in items
                ),
            ),
            image=_ink(manager.full_name),
            by=manager,
        )


def _batches(city: City, campaign: Campaign) -> None:
    office, leader = _fresh(city.users["office"]), _fresh(city.users["office_leader"])
    if batches.organizer(office, campaign) is None:
        return
    with as_of(at_hour(city.today - dt.timedelta(days=FIRST_BATCH), 10)):
        batches.set_standard(
            campaign, by=office, name="餐饮场所燃气改造补贴", unit="户", per_unit=Decimal(1200), share=Decimal(50),
            cap=Decimal(1000), on_time_only=True, late_share=Decimal(100), document="云财〔2026〕18号（演示）",
            effective_from=city.today - dt.timedelta(days=200),
        )  # fmt: skip
        batches.set_fund(
            campaign,
            purpose="renovation",
            amount=Decimal(80000),
            document="云财〔2026〕21号（演示）",
            by=office,
        )
    kitchens = Enterprise.objects.filter(
        area_q(campaign.region_id), kind="restaurant", organization=None, status="operating"
    ).order_by("pk")
    first = _batch(city, campaign, office, "第一批", FIRST_BATCH, FIRST_DUE, list(kitchens[:EACH]))
    own = own_enterprise(_fresh(city.users["qiye"]))
    second = list(kitchens[EACH : EACH * 2 - 1]) + ([own] if own else [])
    _batch(city, campaign, office, "第二批", SECOND_BATCH, SECOND_DUE, second)
    _accept(city, first, office)
    _pay(city, first, office, leader)
    _press(city)


def _batch(
    city: City,
    campaign: Campaign,
    office: User,
    name: str,
    days_ago: int,
    due_ago: int,
    objects: list[Enterprise],
) -> Batch:
    due_on = city.today - dt.timedelta(days=due_ago)
    with as_of(at_hour(city.today - dt.timedelta(days=days_ago), 14)):
        batch = batches.create_batch(
            campaign, name=name, demand="瓶装液化气后厨加装报警联动切断阀，软管换成金属波纹管", due_on=due_on,
            notice_by=timezone.localdate() + dt.timedelta(days=3),
            supervised_from=timezone.localdate() + dt.timedelta(days=1), supervised_to=due_on, by=office,
        )  # fmt: skip
        batches.add_objects(batch, objects, by=office, content="加装切断阀，更换软管", quantity=Decimal(1))
        batches.issue_notices(batch, by=office)
    return batch


def _accept(city: City, batch: Batch, office: User) -> None:
    """Four of the first batch are done in time, two of them accepted at once, one on a condition; one is handed over."""
    members = list(
        batch.members.select_related("batch__campaign", "batch__organization", "enterprise").order_by("pk")
    )
    with as_of(at_hour(city.today - dt.timedelta(days=FIRST_DUE + 4), 16)):
        for member in members[:4]:
            batches.apply_for_acceptance(
                member, finished_on=timezone.localdate(), text="切断阀、软管已更换，检漏合格", by=office
            )
        for member in members[4:6]:
            batches.record_progress(member, percent=40, text="软管已换，切断阀没有到货", by=office)
    with as_of(at_hour(city.today - dt.timedelta(days=FIRST_DUE - 1), 10)):
        verdicts = [batches.VerdictGiven(member, "passed") for member in members[:3]]
        verdicts += [
            batches.VerdictGiven(
                member, "conditional", "补一份切断阀安装合格证", city.today + dt.timedelta(days=6)
            )
            for member in members[3:4]
        ]
        team = [batches.TeamMember(batch.organization, office.full_name, "经办人")]
        bureau = city.users["zhujian"].organization
        if bureau is not None:
            name = city.users["zhujian"].full_name
            team.append(batches.TeamMember(bureau, name, "燃气科", _ink(name)))
        batches.record_acceptance(
            batch, accepted_on=timezone.localdate(), team=team, verdicts=verdicts, opinion="现场逐户查看，测试报警联动。", by=office
        )  # fmt: skip
    with as_of(at_hour(city.today - dt.timedelta(days=3), 15)):
        enforcing = Organization.objects.filter(
            kind=Organization.Kind.DEPARTMENT, region=batch.campaign.region_id
        ).first()
        late = batch.members.filter(status=ObjectStatus.NOTIFIED).order_by("-pk").first()
        if enforcing is not None and late is not None:
            batches.hand_over_late(late, to=enforcing, by=office)
            _take_up(city, enforcing)


def _take_up(city: City, body: Organization) -> None:
    """The enforcing body takes the case up the same day."""
    officer = next(
        (
            user
            for user in map(_fresh, city.users.values())
            if any(post.organization_id == body.pk for post in posts_with(user, Permission.HANDLE_REFERRAL))
        ),
        None,
    )
    case = Referral.objects.filter(recipient=body).first()
    if officer is not None and case is not None:
        pledges.accept_referral(case, by=officer)


def _press(city: City) -> None:
    """Whoever is late with the first batch has been pressed since, rung by rung, as the nightly sweep would have."""
    for days_ago in range(FIRST_DUE + 4, 0, -1):
        with as_of(at_hour(city.today - dt.timedelta(days=days_ago), 1)):
            sweep(timezone.now())


def _pay(city: City, batch: Batch, office: User, leader: User) -> None:
    """One subsidy paid, one approved, one waiting for its first look."""
    done = list(BatchObject.objects.filter(batch=batch, status=ObjectStatus.ACCEPTED).order_by("pk"))
    for number, member in enumerate(done):
        with as_of(at_hour(city.today - dt.timedelta(days=6), 11, number)):
            subsidy = batches.propose_subsidy(
                member, quantity=Decimal(1), investment=Decimal(1600 + number * 300), by=office
            )
        if number < 2:
            with as_of(at_hour(city.today - dt.timedelta(days=5), 11, number)):
                batches.review(subsidy, by=office, reason="票据齐全")
                batches.approve(subsidy, by=leader)
        if number == 0:
            with as_of(at_hour(city.today - dt.timedelta(days=2), 16)):
                batches.pay(subsidy, paid_on=timezone.localdate(), voucher="演示-2026-001", by=office)
