"""A gas campaign in the fictional city with a checklist of four items, and visits as a phone would hand them in."""

from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import World
from bihuan.attachments.actions import store_upload
from bihuan.campaigns.models import Assignment, Campaign, CheckItem, Checklist, PlanDocument, Task
from bihuan.inspections.submission import AnswerGiven, Finding, MemberGiven, SignatureGiven, Submission

_shade = itertools.count(1)


@dataclass
class GasCampaign:
    campaign: Campaign
    task: Task
    checklist: Checklist
    items: list[CheckItem]


def make_campaign(world: World) -> GasCampaign:
    """One running campaign, one task over restaurants, led by housing, with Qingshi street as territorial unit."""
    office, now = world.people.office, timezone.now()
    plan = PlanDocument.objects.create(
        region=world.city, title="云溪市城镇燃气安全专项整治方案", text="方案正文", uploaded_by=office, uploaded_at=now,
        status=PlanDocument.Status.PUBLISHED,
    )  # fmt: skip
    campaign = Campaign.objects.create(
        plan=plan, region=world.city, office=world.organizations.office, title=plan.title, short_title="燃气专项整治",
        published_by=office, published_at=now,
    )  # fmt: skip
    task = Task.objects.create(
        campaign=campaign, no="一", heading="餐饮场所燃气", text="排查餐饮场所用气", position=1
    )
    task.kinds.add(world.kinds.restaurant)
    Assignment.objects.create(task=task, organization=world.organizations.housing, role="lead")
    Assignment.objects.create(task=task, organization=world.organizations.qingshi, role="territorial")
    checklist = Checklist.objects.create(task=task, version=1, created_by=office, created_at=now)
    texts = [
        ("用气场所不在地下或半地下", "现场查看", False),
        ("连接软管不超过 2 米，无接头、不穿墙", "尺量", False),
        ("可燃气体探测器与紧急切断阀安装并有效", "按测试键", False),
        ("未使用存在泄漏的气瓶", "检漏液", True),
    ]
    items = [
        CheckItem.objects.create(
            checklist=checklist, position=position, text=text, method=method, basis="城镇燃气管理条例",
            major_if_failed=major,
        )
        for position, (text, method, major) in enumerate(texts, start=1)
    ]  # fmt: skip
    return GasCampaign(campaign, task, checklist, items)


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade % 256, 90, 140)).save(out, "JPEG")
    return out.getvalue()


def photo(by: User) -> str:
    """Upload a small picture, each a different one, and return its id."""
    file = SimpleUploadedFile("现场.jpg", picture(next(_shade)), content_type="image/jpeg")
    return str(store_upload(file, by=by).pk)


def ink() -> str:
    """What a drawing pad hands over."""
    out = io.BytesIO()
    image = Image.new("RGBA", (120, 60), (255, 255, 255, 0))
    for x in range(20, 100):
        image.putpixel((x, 30), (18, 35, 58, 255))
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def drawn() -> SignatureGiven:
    return SignatureGiven("drawn", image=ink())


def member(
    user: User, *, certificate_no: str | None = None, signature: SignatureGiven | None = None
) -> MemberGiven:
    number = user.certificate_no if certificate_no is None else certificate_no
    return MemberGiven(user.full_name, user, number, signature or drawn())


def fixed(by: User, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "description": "灶具连接软管老化开裂", "outcome": "fixed", "location": "后厨灶台",
        "photos": (photo(by),), "after_photos": (photo(by),), "fix_text": "当场更换金属波纹软管，检漏合格",
    }  # fmt: skip
    return Finding(**(values | changes))


def deadline(by: User, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "description": "未安装可燃气体探测器和紧急切断阀", "outcome": "deadline", "location": "后厨",
        "photos": (photo(by),), "responsible_person": "蒋好味", "measures": "购置并安装探测器和切断阀",
        "funds": Decimal("1800"), "contingency": "发现泄漏立即关阀、开窗、撤人、报警", "interim_measures": "停用后厨燃气，改用电灶",
    }  # fmt: skip
    return Finding(**(values | changes))


def lately() -> tuple[dt.datetime, dt.datetime]:
    """From half an hour until five minutes ago, as far as that is today: figures of a day are asked for today."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(now - dt.timedelta(minutes=30), midnight), max(now - dt.timedelta(minutes=5), midnight)


def visit(world: World, gas: GasCampaign, by: User, verdicts: str = "pppp", **changes: Any) -> Submission:
    """A visit to the noodle shop. `verdicts`: p pass, f fail, n not applicable, one letter for each item."""
    words = {"p": "pass", "f": "fail", "n": "na"}
    findings = changes.pop("findings", {})
    started, finished = lately()
    values: dict[str, Any] = {
        "client_id": uuid.uuid4(), "kind": "township", "enterprise": world.enterprises.shop, "task": gas.task,
        "checklist": gas.checklist, "started_at": started, "finished_at": finished,
        "members": (member(by),), "accompanying_name": "蒋好味", "accompanying_title": "店长",
        "accompanying_signature": drawn(),
        "answers": tuple(
            AnswerGiven(position, words[letter], finding=findings.get(position))
            for position, letter in enumerate(verdicts, start=1)
        ),
    }  # fmt: skip
    return Submission(**(values | changes))
