"""Whether a visit can be recorded as handed in. Every problem names the item and says what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import models
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.models import Attachment
from bihuan.campaigns.models import Campaign, CheckItem
from bihuan.checklists.judging import ImpossibleReading
from bihuan.core.errors import Refused
from bihuan.hazards.deadlines import deadline
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.registry.models import Enterprise
from bihuan.rules import clocks, hazards
from bihuan.rules.records import UnknownRule

from .asking import asked, is_alone, is_major, judged, library_list
from .kinds import OWN, conducted_by, kind_in_force
from .models import Answer, Inspection
from .submission import DRAWN, LOGIN, REFUSED, AnswerGiven, Finding, MemberGiven, Outcome, Problem, Submission

# A phone's clock may run a little ahead of ours.
CLOCK_SLACK = dt.timedelta(minutes=10)
TEXT_FIELDS = (
    "description",
    "location",
    "basis",
    "responsible_person",
    "measures",
    "contingency",
    "interim_measures",
)


def problems_of(
    given: Submission, *, items: list[CheckItem], organization: Organization, by: User, now: dt.datetime
) -> list[Problem]:
    """Everything that keeps `given` from being recorded, in the order of the form; empty when it is fine."""
    return [
        *_kind(given, organization),
        *_visit(given, now),
        *_answers(given, items, by),
        *_others(given, by),
        *_pictures(given),
        *_people(given, organization, by),
    ]


def _kind(given: Submission, organization: Organization) -> Iterator[Problem]:
    kind, allowed = kind_in_force(given.kind, organization), conducted_by(organization)
    if kind not in Inspection.Kind.values or (kind in OWN and kind not in allowed):
        yield Problem("kind", "检查类别不正确，请重新选择")
    elif kind not in allowed:
        labels = "、".join(each.label for each in allowed)
        yield Problem(
            "kind", f"{organization.short_name}不开展{Inspection.Kind(kind).label}，请改选：{labels}"
        )


def _visit(given: Submission, now: dt.datetime) -> Iterator[Problem]:
    if given.started_at > given.finished_at:
        yield Problem("started_at", "开始时间晚于结束时间，请核对")
    if given.finished_at > now + CLOCK_SLACK:
        yield Problem("started_at", "检查时间在将来，请核对手机时间")
    if given.enterprise.status not in {Enterprise.Status.OPERATING, Enterprise.Status.IDLE}:
        yield Problem(
            "enterprise", f"{given.enterprise}已{given.enterprise.get_status_display()}，请先在底册更正状态"
        )
    if given.premises is not None and given.premises.enterprise_id != given.enterprise.pk:
        yield Problem("premises", "所选场所不属于这家企业，请重新选择")
    if given.task is None:
        yield from _library(given)
        return
    if given.kind == Inspection.Kind.DELIVERY:
        yield Problem("task", "随瓶安检不归入整治任务，请从用户门口的码牌进入")
        return
    if given.checklist is None or given.checklist.task_id != given.task.pk:
        yield Problem("checklist", "检查表不属于这项任务，请退回重新选择检查对象")
    if given.task.campaign.status != Campaign.Status.RUNNING:
        yield Problem("task", f"“{given.task.campaign}”已结束，不能再记在它名下，请改做不归入任务的检查")
    if not given.task.covered_enterprises().filter(pk=given.enterprise.pk).exists():
        yield Problem(
            "enterprise",
            f"{given.enterprise}不在“{given.task}”的对象范围内，请核对类型、风险等级，或改做不归入任务的检查",
        )


def _library(given: Submission) -> Iterator[Problem]:
    """Without a task a visit walks a list of the library, or none."""
    checklist = given.checklist
    if checklist is None:
        if given.answers:
            yield Problem("task", "检查表属于某项任务，请从任务进入检查")
    elif checklist.book_version_id is None:
        yield Problem("task", "检查表属于某项任务，请从任务进入检查")
    elif library_list(given.enterprise, checklist.pk) is None:
        yield Problem("checklist", f"“{checklist}”不用于{given.enterprise}所在的辖区，请换一张检查表")


def _answers(given: Submission, items: list[CheckItem], by: User) -> Iterator[Problem]:
    if given.checklist is None:
        return
    by_position = {answer.position: answer for answer in given.answers}
    if len(by_position) != len(given.answers) or by_position.keys() - {item.position for item in items}:
        yield Problem("answers", "有的答案不属于这份检查表，请刷新页面后重新填写")
    # What concerns the enterprise must be answered; more may be, when its kind was another one on the phone.
    needed = {item.position for item in asked(items, given.enterprise)}
    for item in items:
        if item.position not in needed | by_position.keys():
            continue
        answer, where = by_position.get(item.position), f"q{item.position}"
        if answer is None or answer.verdict not in Answer.Verdict.values:
            yield Problem(where, f"第 {item.position} 项没有回答，请选合格、不合格或不适用")
        elif answer.verdict == Answer.Verdict.FAIL:
            yield from _failed(answer, item, given, by)
        elif answer.finding is not None:
            yield Problem(where, f"第 {item.position} 项不是不合格，不能登记隐患")
        if answer is not None:
            yield from _lengths(answer, f"第 {item.position} 项", where)
            if answer.verdict in {Answer.Verdict.PASS, Answer.Verdict.FAIL}:
                yield from _measured(answer, item, f"第 {item.position} 项", where)


def _measured(answer: AnswerGiven, item: CheckItem, name: str, where: str) -> Iterator[Problem]:
    """A number where a number is demanded; one that fails is passed only with a written reason. A photo where owed.

    What fails for something else the item asks needs no number.
    """
    demand = item.demand
    needed = answer.verdict == Answer.Verdict.PASS or is_alone(item)
    if demand is not None and needed and not answer.measured.strip():
        yield Problem(
            where,
            f"{name}要填{demand.label}的实测值（标准{demand.demand}）；确实量不了的选“不适用”并备注原因",
        )
    try:
        found = judged(item, answer.measured)
    except ImpossibleReading as error:
        yield Problem(where, f"{name}：{error}")
        return
    if found and not found.passed and answer.verdict == Answer.Verdict.PASS and not answer.note.strip():
        yield Problem(where, f"{name}{found.explanation}；仍判合格的，请在备注里写明理由")
    if item.photo == "always" and not answer.photos and not (answer.finding and answer.finding.photos):
        yield Problem(where, f"{name}要求每次拍照，请补拍")


def _failed(answer: AnswerGiven, item: CheckItem, given: Submission, by: User) -> Iterator[Problem]:
    where, name = f"q{item.position}", f"第 {item.position} 项"
    if answer.finding is None:
        yield Problem(where, f"{name}不合格，请写明问题，选“现场已改”或“限期改正”")
        return
    finding = answer.finding
    major = is_major(item, timezone.localdate(given.started_at))
    if major and finding.level != Level.MAJOR:
        yield Problem(where, f"{name}不合格即按重大隐患判定，不能登记为一般隐患")
    yield from _finding(finding, given, by, where, name, graded_by_item=major)


def _others(given: Submission, by: User) -> Iterator[Problem]:
    for no, finding in enumerate(given.others, start=1):
        yield from _finding(finding, given, by, f"o{no}", f"其他问题 {no}", graded_by_item=False)


def _finding(
    finding: Finding, given: Submission, by: User, where: str, name: str, *, graded_by_item: bool
) -> Iterator[Problem]:
    on = timezone.localdate(given.started_at)
    if not finding.description.strip():
        yield Problem(where, f"{name}没有写问题，请写明看到了什么")
    for field_name in TEXT_FIELDS:
        field = Hazard._meta.get_field(field_name)
        assert isinstance(field, models.CharField)
        if len(getattr(finding, field_name)) > (field.max_length or 0):
            yield Problem(where, f"{name}的{field.verbose_name}超过 {field.max_length} 字，请删减")
    if finding.level not in Level.values:
        yield Problem(where, f"{name}的等级不正确，请选一般或重大")
    elif finding.level == Level.MAJOR and not graded_by_item:
        yield from _graded(finding, by, where, name, on)
    if given.kind == Inspection.Kind.DELIVERY and finding.outcome != Outcome.FIXED:
        yield from _told(finding, where, name)
    elif finding.outcome == Outcome.FIXED:
        yield from _fixed(finding, where, name)
    elif finding.outcome == Outcome.DEADLINE:
        yield from _deadline(finding, where, name, on)
    else:
        yield Problem(where, f"{name}没有说怎么处理，请选“现场已改”或“限期改正”")


def _graded(finding: Finding, by: User, where: str, name: str, on: dt.date) -> Iterator[Problem]:
    if not by.has_perm(Permission.GRADE_HAZARD):
        yield Problem(where, f"{name}：认定重大隐患须有认定权限，请先登记为一般隐患，再报主管部门认定")
        return
    try:
        hazards.criterion(finding.criterion_code, on)
    except UnknownRule:
        yield Problem(where, f"{name}按重大隐患登记，请选择所依据的判定条款")


def _fixed(finding: Finding, where: str, name: str) -> Iterator[Problem]:
    if finding.level == Level.MAJOR:
        yield Problem(where, f"{name}按重大隐患判定，不能当场销号，请选“限期改正”")
    if not finding.photos:
        yield Problem(where, f"{name}现场已改，缺整改前照片，请补拍")
    if not finding.after_photos:
        yield Problem(where, f"{name}现场已改，缺整改后照片，请补拍")
    if not finding.fix_text.strip():
        yield Problem(where, f"{name}现场已改，请写明怎么改的")
    elif len(finding.fix_text) > 1000:
        yield Problem(where, f"{name}的整改情况超过 1000 字，请删减")


def _told(finding: Finding, where: str, name: str) -> Iterator[Problem]:
    """A gas company sets no deadlines: it tells the user in writing, with a photo of what it saw."""
    if finding.outcome != Outcome.NOTIFIED:
        yield Problem(where, f"{name}没有说怎么处理，请选“已告知用户”或“现场已改”")
    elif not finding.photos:
        yield Problem(where, f"{name}缺现场照片，请补拍")


def _deadline(finding: Finding, where: str, name: str, on: dt.date) -> Iterator[Problem]:
    """五落实 and, because it cannot be put right at once, what keeps it safe meanwhile (R077, R078)."""
    if not finding.photos:
        yield Problem(where, f"{name}限期改正，缺现场照片，请补拍")
    if not finding.responsible_person.strip():
        yield Problem(where, f"{name}限期改正，缺整改责任人，请填写")
    if not finding.measures.strip():
        yield Problem(where, f"{name}限期改正，缺整改措施，请填写")
    if finding.funds is None:
        yield Problem(where, f"{name}限期改正，缺整改资金，请填写金额（元），不需要投入的填 0")
    elif not 0 <= finding.funds < 10_000_000_000:
        yield Problem(where, f"{name}的整改资金应在 0 至 100 亿元之间，请核对")
    if not finding.contingency.strip():
        yield Problem(where, f"{name}限期改正，缺应急预案，请写明出现险情怎么办")
    if not finding.interim_measures.strip():
        yield Problem(where, f"{name}不能立即整改，缺临时管控措施，请写明整改前怎么保证安全")
    if finding.due_on is not None and finding.level in Level.values:
        try:
            deadline(finding.level, on, finding.due_on)
        except Refused as error:
            yield Problem(where, f"{name}：{error}")


def _lengths(answer: AnswerGiven, name: str, where: str) -> Iterator[Problem]:
    if len(answer.measured) > 40:
        yield Problem(where, f"{name}的实测值超过 40 字，请删减")
    if len(answer.note) > 500:
        yield Problem(where, f"{name}的情况说明超过 500 字，请删减")


def _pictures(given: Submission) -> Iterator[Problem]:
    """Photos must be there and be pictures; whose they are is checked when they are attached."""
    ids = {each for _, _, photos in given.pictures for each in photos}
    rows = Attachment.objects.filter(pk__in=ids, kind=Attachment.Kind.IMAGE)
    known = {str(pk) for pk in rows.values_list("pk", flat=True)}
    for where, name, photos in given.pictures:
        if {str(each) for each in photos} - known:
            yield Problem(where, f"{name}有照片没有传上来，请重新拍照")


def _people(given: Submission, organization: Organization, by: User) -> Iterator[Problem]:
    if not given.members:
        yield Problem("members", "至少要有一名检查人员")
    if by.pk not in {member.user.pk for member in given.members if member.user}:
        yield Problem("members", "谁检查、谁签名：提交人应在检查人员之内")
    users = [member.user.pk for member in given.members if member.user]
    if len(set(users)) != len(users):
        yield Problem("members", "检查人员有重复，请核对")
    for no, member in enumerate(given.members, start=1):
        yield from _member(member, no, given, organization, by)
    if given.kind == Inspection.Kind.ENFORCEMENT:
        yield from _enforcement(given)
    if given.kind != Inspection.Kind.SELF_CHECK:  # nobody accompanies people through their own house
        yield from _accompanying(given)


def _member(
    member: MemberGiven, no: int, given: Submission, organization: Organization, by: User
) -> Iterator[Problem]:
    name = member.name.strip()
    if not name or len(name) > 60:
        yield Problem("members", f"第 {no} 名检查人员没有姓名或姓名过长，请核对")
    if (
        member.user is not None
        and not given.is_joint_visit
        and not is_expert(member)
        and organization.pk not in {post.organization_id for post in member.user.posts}
    ):
        yield Problem("members", f"{name}不是{organization.short_name}的人员，须按联合检查提交")
    signature = member.signature
    if (
        signature is None
        or signature.method == REFUSED
        or (signature.method == DRAWN and not signature.image)
    ):
        yield Problem("sign", f"检查人员{name}没有签名，请签名后提交")
    elif signature.method == LOGIN and (member.user is None or member.user.pk != by.pk):
        yield Problem("sign", f"{name}不能以别人的登录身份确认，请本人手写签名")
    elif signature.method not in {DRAWN, LOGIN}:
        yield Problem("sign", f"检查人员{name}的签名方式不正确，请重新签名")


def is_expert(member: MemberGiven) -> bool:
    """Whether somebody takes part as an expert: invited, and no inspector (R060)."""
    return member.user is not None and any(
        post.organization.kind == Organization.Kind.EXPERTS for post in member.user.posts
    )


def _enforcement(given: Submission) -> Iterator[Problem]:
    """At least two inspectors, each with a certificate (行政处罚法第四十二条)."""
    least = clocks.limit("inspection.min_inspectors", timezone.localdate(given.started_at))
    inspectors = [member for member in given.members if not is_expert(member)]
    if len(inspectors) < least:
        yield Problem("members", f"执法检查不得少于 {least} 名检查人员，请补充另一名持证人员，或改选其他类别")
    for member in inspectors:
        if not member.certificate_no.strip():
            yield Problem("members", f"执法检查须持证：{member.name}没有执法证号，请填写或换人")
        elif len(member.certificate_no) > 40:
            yield Problem("members", f"{member.name}的执法证号超过 40 字，请核对")


def _accompanying(given: Submission) -> Iterator[Problem]:
    """The responsible person on site signs, or the refusal is recorded with its reason (安全生产法第六十八条)."""
    if len(given.accompanying_name) > 60 or len(given.accompanying_title) > 60 or len(given.opinion) > 500:
        yield Problem("sign", "陪同人姓名、职务不超过 60 字，检查意见不超过 500 字，请删减")
    signature = given.accompanying_signature
    if signature is None or (signature.method == DRAWN and not signature.image):
        yield Problem("sign", "陪同人没有签名；拒绝签字的，请勾选并写明情况")
    elif signature.method == REFUSED:
        if not signature.remark.strip():
            yield Problem("sign", "陪同人拒绝签字，请写明理由和在场情况")
        elif len(signature.remark) > 200:
            yield Problem("sign", "拒绝签字的说明超过 200 字，请删减")
    elif signature.method != DRAWN:
        yield Problem("sign", "陪同人须手写签名，拒绝签字的请勾选并写明情况")
    elif not given.accompanying_name.strip():
        yield Problem("sign", "请填写陪同人姓名")
