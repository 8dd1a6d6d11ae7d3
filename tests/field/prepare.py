"""What is done to the server's data from outside: `python -m tests.field.prepare (city|state|expire|phones|inspectors|work|registry) …`."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import django


def city() -> dict[str, Any]:
    """Migrate, and build the fictional city with a gas campaign."""
    from django.core.management import call_command

    from bihuan.accounts.tests.world import make_world
    from bihuan.inspections.tests.factories import make_campaign

    call_command("migrate", verbosity=0)
    world = make_world()
    gas = make_campaign(world)
    return {"shop": world.enterprises.shop.pk, "task": gas.task.pk, "checklist": gas.checklist.pk}


def state() -> dict[str, Any]:
    """What has arrived."""
    from bihuan.attachments.models import Attachment, AttachmentLink
    from bihuan.field.models import Device
    from bihuan.hazards.models import Hazard
    from bihuan.inspections.models import Inspection
    from bihuan.papers.models import Paper

    return {
        "visits": list(Inspection.objects.order_by("id").values("hazard_count", "opinion")),
        "photos": Attachment.objects.filter(kind="image").count(),
        "linked": AttachmentLink.objects.values("attachment").distinct().count(),
        "hazards": list(Hazard.objects.order_by("id").values_list("status", flat=True)),
        "papers": Paper.objects.values("number").distinct().count(),
        "devices": Device.objects.count(),
    }


def expire() -> dict[str, Any]:
    """Every session ends, every phone must be signed in again."""
    import datetime as dt

    from django.contrib.sessions.models import Session
    from django.db.models import F

    from bihuan.accounts.models import LoginSession
    from bihuan.field.models import Device

    Session.objects.all().delete()
    LoginSession.objects.all().delete()
    return {"devices": Device.objects.update(signed_until=F("signed_until") - dt.timedelta(days=30))}


def phones(count: str) -> dict[str, Any]:
    """Keys of so many phones of Qingshi street, and whom they inspect."""
    from bihuan.accounts.models import User
    from bihuan.field.actions import sign_in_device
    from bihuan.field.auth import access_for

    people = [User.objects.get(username=name) for name in ("inspector", "inspector2", "qingshi_officer")]
    made = []
    for number in range(int(count)):
        user = people[number % len(people)]
        device = sign_in_device(uuid.uuid4(), name=f"手机{number}", app="1", by=user).device
        made.append({"key": access_for(device), "user": user.pk})
    return {"phones": made}


def inspectors(count: str) -> dict[str, Any]:
    """So many more inspectors of Qingshi street, each signed in in a browser: the cookies of their sessions."""
    import datetime as dt

    from django.conf import settings
    from django.test import Client

    from bihuan.accounts.models import Holding, Post, User
    from bihuan.accounts.roles import Role

    one = User.objects.get(username="inspector")
    cookies = []
    for number in range(int(count)):
        user = User.objects.create_user(
            f"inspector_{number}", None, full_name=f"走访{number}", certificate_no=f"YX9{number:03d}"
        )
        post = Post.objects.create(
            organization=one.main_post.organization, title=f"检查员{number}号", role=Role.INSPECTOR
        )
        Holding.objects.create(user=user, post=post, from_on=dt.date(2026, 1, 1))
        browser = Client()
        browser.force_login(user)
        cookies.append(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    return {"cookie": settings.SESSION_COOKIE_NAME, "sessions": cookies}


def work() -> dict[str, Any]:
    """A planned visit to the noodle shop and a duty about it, both the inspector's."""
    import datetime as dt

    from django.utils import timezone

    from bihuan.accounts.models import User
    from bihuan.duties.actions import open_duty
    from bihuan.duties.models import Duty
    from bihuan.planning.models import PlannedVisit
    from bihuan.registry.models import Enterprise

    shop, user = Enterprise.objects.get(name="云溪区好味来面馆"), User.objects.get(username="inspector")
    post, today = user.main_post, timezone.localdate()
    visit = PlannedVisit.objects.create(
        enterprise=shop, organization=post.organization, kind="look_back", source="draw", city=shop.city, county=shop.county,
        locality=shop.locality, window_from=today, window_to=today + dt.timedelta(days=9),
    )  # fmt: skip
    visit.inspectors.add(user)
    open_duty(
        kind=Duty.Kind.VISIT, subject=visit, title="双随机检查：云溪区好味来面馆", url="/planning/", place=shop, by=user,
        organization=post.organization, post=post, due_on=today, clock={},
    )  # fmt: skip
    return {"visit": visit.pk}


SYLLABLES = "福满祥和顺兴旺达盛隆裕泰丰润恒源聚鑫宏昌瑞康乐佳美香味园春华秋实江南山水云月星辰龙凤金银玉翠竹梅兰菊松柏桂荷莲"


def registry(count: str) -> dict[str, Any]:
    """So many restaurants in Qingshi street: contacts, places, permits, attributes, history, open hazards; the shipped
    checklists, and one of sixty items for the task. Names and numbers differ as they do in a street."""
    import datetime as dt
    import random

    from django.utils import timezone

    from bihuan.accounts.models import User
    from bihuan.accounts.queries import service_user
    from bihuan.campaigns.models import CheckItem, Checklist
    from bihuan.checklists.actions import ensure_packs
    from bihuan.hazards.actions import record_hazard
    from bihuan.hazards.models import Hazard
    from bihuan.inspections.models import Inspection
    from bihuan.registry.models import Contact, Enterprise, Permit, Premises

    shop, inspector = Enterprise.objects.get(name="云溪区好味来面馆"), User.objects.get(username="inspector")
    place = {"city": shop.city, "county": shop.county, "locality": shop.locality}
    chance = random.Random(5)

    def word(length: int) -> str:
        return "".join(chance.choices(SYLLABLES, k=length))

    made = Enterprise.objects.bulk_create(
        Enterprise(
            name=f"青石街道{word(3)}第{number}号小吃店", kind=shop.kind, department=shop.department, **place,
            address=f"青石街道{word(2)}路{chance.randrange(1, 400)}号{chance.randrange(1, 30)}铺",
            longitude=100.2 + chance.random() / 10, latitude=25.6 + chance.random() / 10,
            employees=chance.randrange(1, 40), risk=chance.choice(["red", "orange", "yellow", "blue"]),
            attributes={"fuel": chance.choice(["瓶装液化石油气", "管道天然气", "电"]), "cylinder_stock": chance.randrange(0, 9),
                        "area": chance.randrange(12, 600)},
        )
        for number in range(int(count))
    )  # fmt: skip
    Contact.objects.bulk_create(Contact(enterprise=each, role="principal", name=word(3)) for each in made)
    Premises.objects.bulk_create(
        Premises(
            enterprise=each,
            name=f"{word(2)}分店",
            kind=shop.kind,
            locality=shop.locality,
            address=f"{word(2)}路{n}号",
        )
        for n, each in enumerate(made[::3])
    )
    Permit.objects.bulk_create(
        Permit(
            enterprise=each, kind="食品经营许可证", number=f"JY2{chance.randrange(10**12):012d}", valid_to=dt.date(2027, 6, 30)
        )
        for each in made
    )  # fmt: skip
    now = timezone.now()
    Inspection.objects.bulk_create(
        Inspection(
            client_id=uuid.uuid4(), kind=Inspection.Kind.TOWNSHIP, enterprise=each, organization=inspector.main_post.organization,
            **place, started_at=now, finished_at=now, inspected_on=dt.date(2026, 1, 1) + dt.timedelta(days=chance.randrange(300)),
            received_at=now, is_clean=True, recorded_by=inspector, submission_hash="x",
        )
        for each in made
        for _ in range(3)
    )  # fmt: skip
    first = record_hazard(
        enterprise=shop, source=Hazard.Source.INSPECTION, description="连接软管老化", found_on=timezone.localdate(now),
        by=inspector, found_organization=inspector.main_post.organization,
    )  # fmt: skip
    same = {each.attname: getattr(first, each.attname) for each in Hazard._meta.concrete_fields}
    Hazard.objects.bulk_create(
        Hazard(**same | {"id": None, "enterprise_id": each.pk, "description": f"{word(4)}：连接软管老化", "location": f"{word(2)}后厨"})
        for each in made[::4]
    )  # fmt: skip
    ensure_packs(by=service_user())
    old = Checklist.objects.exclude(task=None).order_by("-version").first()
    assert old is not None
    longer = Checklist.objects.create(
        task=old.task, version=old.version + 1, created_by=inspector, created_at=now
    )
    CheckItem.objects.bulk_create(
        CheckItem(
            checklist=longer, position=number, text=f"第{number}处用气管道连接牢固、无破损老化，接口检漏合格",
            criterion="涂检漏液一分钟无气泡", method="检漏液", basis="城镇燃气管理条例第二十七条",
            **({"measure": {"label": "软管长度", "comparator": "<=", "number": "2", "unit": "m"}} if number % 10 == 0 else {}),
        )
        for number in range(1, 61)
    )  # fmt: skip
    return {"enterprises": len(made)}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
