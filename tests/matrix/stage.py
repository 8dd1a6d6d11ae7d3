"""One of everything inside Qingshi street, and one person of each role inside, beside and outside of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from openpyxl import Workbook

from bihuan.accounts.actions.security import create_token, token_digest
from bihuan.accounts.models import (
    ApiToken,
    Holding,
    LoginSession,
    Organization,
    OrganizationAlias,
    Post,
    SavedView,
    User,
)
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import START, World, make_world
from bihuan.attachments.actions import store_upload
from bihuan.attachments.imports import start_batch
from bihuan.audit.actions import seal_day
from bihuan.campaigns import actions as campaign_actions
from bihuan.campaigns.models import Campaign, PlanDocument, Subplan
from bihuan.campaigns.readings import SUBPLAN, read_for
from bihuan.campaigns.tests.plans import TEXT, task
from bihuan.checklists import actions as library
from bihuan.checklists.models import BookVersion
from bihuan.checklists.tests.books import BOOK
from bihuan.checklists.xlsform import export_form
from bihuan.core.errors import Refused
from bihuan.duties.ladder import copy_shipped_ladder
from bihuan.duties.models import Duty, LadderStep
from bihuan.field.actions import sign_in_device
from bihuan.hazards import actions as hazard_actions
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.submission import MemberGiven
from bihuan.inspections.tests.factories import (
    GasCampaign,
    deadline,
    drawn,
    fixed,
    make_campaign,
    member,
    photo,
    visit,
)
from bihuan.jobs.exports import start_export
from bihuan.jobs.models import Job
from bihuan.jobs.running import run_job
from bihuan.notifications.models import Message
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise
from bihuan.search.actions import refresh
from bihuan.search.models import Kind
from bihuan.zones.tests.factories import make_zone

from . import (
    accidents,
    assessment,
    exchange,
    instruments,
    listings,
    lookback,
    office,
    oversight,
    projects,
    returns,
    submissions,
)
from .planned import planning_ids
from .promises import add_promises
from .registry_stage import registry_ids

# The thirteen roles and the post nobody has authorized yet, by the letters the tables use.
ROLES = {
    "OL": Role.OFFICE_LEADER,
    "OO": Role.OFFICE_OFFICER,
    "CO": Role.OFFICE_OFFICER,  # of the city: its area is all there is
    "DL": Role.DEPARTMENT_LEADER,
    "DO": Role.DEPARTMENT_OFFICER,
    "LL": Role.LOCALITY_LEADER,
    "LO": Role.LOCALITY_OFFICER,
    "IN": Role.INSPECTOR,
    "EM": Role.ENTERPRISE_MANAGER,
    "EX": Role.EXPERT,
    "IS": Role.INSPECTORATE,
    "SY": Role.SYSTEM_ADMIN,
    "SE": Role.SECURITY_ADMIN,
    "AU": Role.AUDIT_ADMIN,
    "NO": Role.UNASSIGNED,
}


@dataclass
class Stage:
    """`inside`, `near` (Baita town, the neighbouring department) and `far` (the other county) by role letters."""

    world: World
    inside: dict[str, User]
    near: dict[str, User]
    far: dict[str, User]
    ids: dict[str, Any] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)

    def token_of(self, user: User) -> str:
        """A key of the user's for the API, whether or not the post allows to use one."""
        if user.pk not in self.tokens:
            raw = f"bh_{user.username}"
            expires_on = timezone.localdate() + dt.timedelta(days=9)
            ApiToken.objects.create(user=user, name="程序", digest=token_digest(raw), expires_on=expires_on)
            self.tokens[user.pk] = raw
        return self.tokens[user.pk]


def _person(login: str, organization: Organization, role: str, title: str) -> User:
    post = Post.objects.create(organization=organization, title=title, role=role)
    user = User.objects.create_user(login, None, full_name=f"{title}{login}")
    Holding.objects.create(user=user, post=post, from_on=START)
    return user


def _organization(name: str, kind: str, region: Any) -> Organization:
    return Organization.objects.create(name=name, short_name=name, kind=kind, region=region, valid_from=START)


def _cast(world: World) -> tuple[dict[str, User], dict[str, User], dict[str, User]]:
    kind, own, regions = Organization.Kind, world.organizations, world.regions
    people = world.people
    inside = {
        "OL": _person("ol", own.county_office, Role.OFFICE_LEADER, "区安委办主任"),
        "OO": people.county_office,
        "CO": people.office,
        "DL": people.housing_leader,
        "DO": people.housing,
        "LL": people.qingshi_leader,
        "LO": people.qingshi_officer,
        "IN": people.inspector,
        "EM": people.shop,
        "EX": people.expert,
        "IS": people.inspectorate,
        "SY": people.sysadmin,
        "SE": people.secadmin,
        "AU": people.auditor,
        "NO": _person("no", own.qingshi, Role.UNASSIGNED, "待授权"),
    }
    near = {
        "DO": people.market,
        "LL": people.baita_leader,
        "LO": _person("near_lo", own.baita, Role.LOCALITY_OFFICER, "镇应急办"),
        "IN": people.outsider,
        "EM": people.station,
        "EX": _person("near_ex", own.experts, Role.EXPERT, "未参加的专家"),
    }
    office = _organization("临江县安全生产委员会办公室", kind.OFFICE, regions.linjiang)
    bureau = _organization("临江县住房和城乡建设局", kind.DEPARTMENT, regions.linjiang)
    stall = _organization("河沿镇小馆", kind.ENTERPRISE, regions.heyan)
    Enterprise.objects.create(
        name="河沿镇小馆", kind=world.kinds.restaurant, department=bureau, city=regions.city, county=regions.linjiang,
        locality=regions.heyan, organization=stall,
    )  # fmt: skip
    watch = _organization("临江县督查组", kind.INSPECTORATE, regions.linjiang)
    far = {
        "OL": _person("far_ol", office, Role.OFFICE_LEADER, "县安委办主任"),
        "OO": _person("far_oo", office, Role.OFFICE_OFFICER, "县安委办"),
        "DL": _person("far_dl", bureau, Role.DEPARTMENT_LEADER, "县住建局局长"),
        "DO": _person("far_do", bureau, Role.DEPARTMENT_OFFICER, "县住建局"),
        "LL": _person("far_ll", own.heyan, Role.LOCALITY_LEADER, "河沿镇长"),
        "LO": _person("far_lo", own.heyan, Role.LOCALITY_OFFICER, "河沿应急办"),
        "IN": _person("far_in", own.heyan, Role.INSPECTOR, "河沿检查员"),
        "EM": _person("far_em", stall, Role.ENTERPRISE_MANAGER, "小馆安全员"),
        "IS": _person("far_is", watch, Role.INSPECTORATE, "县督查员"),
    }
    return inside, near, far


def _plan(office: User, county: Any, text: str) -> PlanDocument:
    return campaign_actions.import_plan(
        campaign_actions.read_plan(text.encode(), "方案.txt"), by=office, region=county
    )


def _published(world: World, office: User) -> Campaign:
    document = _plan(office, world.regions.yunxi, TEXT)
    for unit in document.units.filter(organization=None, group=""):
        campaign_actions.match_unit(unit, by=office, group="ignored")
    for item in document.items.filter(state="proposed"):
        campaign_actions.confirm_item(item, version=item.version, by=office)
    return campaign_actions.publish(document, by=office)


def _sheet(*headings: str) -> SimpleUploadedFile:
    book = Workbook()
    book.active.append(headings)
    book.active.append(["青石甲店"] * len(headings))
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("表.xlsx", out.getvalue())


def make_stage() -> Stage:
    """Build it all; some 400 rows."""
    world = make_world()
    refresh(Kind.ENTERPRISE, list(Enterprise.objects.values_list("pk", flat=True)))
    stage = Stage(world, *_cast(world))
    people, inside, shop = world.people, stage.inside, world.enterprises.shop
    today, now = timezone.localdate(), timezone.now()
    for admin in ("SY", "SE", "AU"):
        TOTPDevice.objects.create(user=inside[admin], name="手机", confirmed=True)

    campaign = _published(world, inside["OO"])
    draft = _plan(inside["OO"], world.regions.yunxi, TEXT.replace("餐饮燃气", "瓶装液化气"))
    phase = campaign.phases.get(position=1)
    share = campaign.tasks.first().assignments.model.objects.get(
        task__campaign=campaign, task__heading="查充装管理", organization=world.organizations.qingshi
    )
    gas = make_campaign(world)
    findings = {2: fixed(people.inspector), 3: deadline(people.inspector)}
    inspection = submit_inspection(
        visit(
            world, gas, people.inspector, "pffp", findings=findings, accompanying_signature=drawn(), is_joint=True,
            members=(
                member(people.inspector), member(people.inspector2), MemberGiven(people.expert.full_name, people.expert, "", drawn()),
            ),
        ),
        by=people.inspector,
    )  # fmt: skip
    shop.contacts.create(role="principal", name="蒋好味", phone="19900001234")
    before = photo(people.inspector2)
    hazard = make_hazard(world, by=people.inspector2, photos=[before], description="青石街道气瓶间与厨房连通")
    submitted = make_submitted(world, description="青石街道软管老化")
    stall = Enterprise.objects.create(
        name="青石街口小吃摊", kind=world.kinds.restaurant, department=world.organizations.housing,
        city=world.city, county=world.regions.yunxi, locality=world.regions.qingshi, address="幸福路口",
    )  # fmt: skip
    on_behalf = make_hazard(world, enterprise=stall, description="青石街道气瓶无固定")
    extension = hazard_actions.request_extension(
        on_behalf,
        requested_due_on=on_behalf.due_on + dt.timedelta(days=5),
        reason="等待到货",
        interim_measures="停用气瓶",
        by=people.inspector2,
    )
    amendment = campaign_actions.import_amendment(
        campaign,
        campaign_actions.read_plan(TEXT.replace("8月20日", "9月10日").encode(), "修订.txt"),
        by=inside["OO"],
    )
    subplan, county_subplan = campaign_actions.require_subplans(
        campaign,
        [world.organizations.qingshi, world.organizations.county_office],
        due_on=today + dt.timedelta(days=30),
        due_source="会议要求",
        by=inside["OO"],
    )
    copy_shipped_ladder()
    seal_day(today - dt.timedelta(days=2))  # over for good, also in the first minutes after midnight
    owner = inside["LO"]
    token, _ = create_token(owner, name="报表", expires_on=today + dt.timedelta(days=9))
    alias = OrganizationAlias.objects.filter(organization=world.organizations.housing).first()
    unit = draft.units.first()
    item = task(draft, "查充装管理")
    published, drafted = _book(inside["OO"])
    stage.ids = {
        "book": published.book_id,
        "book_version": published.pk,
        "book_draft": drafted.pk,
        "book_section": "GAS-USE",
        "book_item": "GAS-USE-01",
        "form_file": store_upload(SimpleUploadedFile("表单.xlsx", export_form(BOOK)), by=inside["OO"]).pk,
        "shop": shop.pk,
        "stall": stall.pk,
        "contact": shop.contacts.get().pk,
        "campaign": campaign.pk,
        "task": share.task.pk,
        "gas_task": gas.task.pk,
        "share": share.pk,
        "phase": phase.pk,
        "checklist": gas.checklist.pk,
        "draft": draft.pk,
        "output": "plan.json",
        "amendment": amendment.pk,
        "change": amendment.changes.get(subject="task", kind="changed").pk,
        "subplan": subplan.pk,
        "county_subplan": county_subplan.pk,
        "unit": unit.pk,
        "item": item.pk,
        "finding": draft.findings.create(
            key="stage", code="stage", severity="warning", start=0, end=2, message="标题不完整"
        ).pk,
        "inspection": inspection.pk,
        "paper": Paper.objects.filter(kind=Paper.Kind.RECTIFICATION_ORDER).get().pk,
        "code": Paper.objects.filter(kind=Paper.Kind.RECTIFICATION_ORDER).get().code,
        "hazard": hazard.pk,
        "submitted": submitted.pk,
        "on_behalf": on_behalf.pk,
        "later": (on_behalf.due_on + dt.timedelta(days=3)).isoformat(),
        "extension": extension.pk,
        "photo": before,
        "review": Duty.objects.get(kind=Duty.Kind.HAZARD_REVIEW, subject=f"hazards.hazard:{submitted.pk}").pk,
        "rung": LadderStep.objects.first().pk,
        "job": _exported(owner).pk,
        "zone": make_zone(world).pk,
        "equipment_sheet": start_batch(
            "registry.equipment", _sheet("企业名称", "设备种类", "设备编号"), by=owner
        ).pk,
        "answering_sheet": start_batch("registry.answering", _sheet("企业名称", "包干领导"), by=owner).pk,
        "chemical_sheet": start_batch("registry.chemical", _sheet("企业名称", "品名", "形态"), by=owner).pk,
        "reading": _unread(owner, subplan).pk,
        "registry_batch": start_batch("registry.enterprise", _sheet("企业名称", "属地"), by=owner).pk,
        "hazard_batch": start_batch("hazards.hazard", _sheet("企业名称", "隐患描述"), by=inside["OO"]).pk,
        "message": Message.objects.create(recipient=owner, category="duty", title="青石", created_at=now).pk,
        "session": LoginSession.objects.create(
            user=owner, session_key="another-place", opened_at=now, seen_at=now
        ).pk,
        "token": token.pk,
        "device": sign_in_device(uuid.uuid4(), name="街道手机", app="", by=owner).device.pk,
        "view": SavedView.objects.create(user=owner, page="hazards:ledger", name="青石逾期", query="").pk,
        "person": people.inspector2.pk,
        "holding": people.inspector2.holdings.get().pk,
        "post": world.posts["inspector2"].pk,
        "organization": world.organizations.qingshi.pk,
        "alias": alias.pk,
        "region": "539702001",
        "chain": f"hazards.hazard:{hazard.pk}",
        "day": today - dt.timedelta(days=2),
        "soon": (today + dt.timedelta(days=30)).isoformat(),
    }
    stage.ids |= registry_ids(world, inside)
    stage.ids["delivery"] = _delivery(world, gas, stage.ids["plate_token"])
    stage.ids |= planning_ids(world, inside, inspection)
    stage.ids |= add_promises(world, gas)
    for part in (
        accidents,
        listings,
        lookback,
        oversight,
        instruments,
        returns,
        assessment,
        exchange,
        projects,
        submissions,
        office,
    ):
        stage.ids |= part.ids(stage)
    return stage


def _delivery(world: World, gas: GasCampaign, code: str) -> int:
    """A check of the filling station's people at the noodle shop, let in by its plate."""
    me = world.people.station
    given = visit(
        world, gas, me, "", kind="delivery", task=None, checklist=None, plate=code, members=(member(me),)
    )
    return submit_inspection(given, by=me).pk


def _book(office: User) -> tuple[BookVersion, BookVersion]:
    """A checklist of the office in force, and the draft of its next version."""
    body = office.posts[0].organization
    first = library.create_book(body, BOOK, sector="gas", by=office)
    first = library.publish(first, effective_from=timezone.localdate(), seen=0, by=office)
    return first, library.start_draft(first.book, by=office)


def _unread(owner: User, subplan: Subplan) -> Job:
    """A plan file that could not be read."""
    with contextlib.suppress(Refused):
        read_for(SUBPLAN, b"PK\x03\x04", "坏.docx", {"subplan": subplan.pk}, by=owner, back="/")
    return Job.objects.get(kind=f"plan.{SUBPLAN}")


def _exported(owner: User) -> Job:
    """A finished export of the ledger with its file."""
    job = start_export("hazards", query="", said="全部", form="csv", by=owner)
    run_job.func(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    return job
