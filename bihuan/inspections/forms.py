"""The walk as a form: what was posted becomes a Submission. Shape and wording here; the world is judged by `checks`.

One form per finding, prefixed by its question (`q3-description`, `o1-measures`), so that every browser can send it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.attachments import actions as attachments
from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.models import Attachment
from bihuan.campaigns.drafts import FORBIDDEN
from bihuan.campaigns.models import CheckItem, Checklist, Task
from bihuan.checklists.structure import Measure, unit_label
from bihuan.core.forms import CalendarDayField
from bihuan.hazards.workflow import Level
from bihuan.registry.models import Enterprise, Premises
from bihuan.rules import hazards as criteria_rules
from bihuan.rules.regions import ancestors

from .asking import is_alone, is_major, parted, with_unit
from .kinds import OWN, conducted_by, kind_in_force
from .models import Answer, Inspection
from .submission import (
    DRAWN,
    LOGIN,
    REFUSED,
    AnswerGiven,
    Finding,
    MemberGiven,
    Outcome,
    Problem,
    SignatureGiven,
    Submission,
)

PLAIN_FIELDS = ("opinion", "accompanying_name", "accompanying_title", "refusal", "premises")
MAX_OTHERS = 5
MAX_PHOTOS = 9
MEASURED_WORDS = ("量", "称重", "读数", "计时", "测温", "测距")
VERDICTS = {
    "pass": Answer.Verdict.PASS,
    "fail": Answer.Verdict.FAIL,
    "not_applicable": Answer.Verdict.NOT_APPLICABLE,
}


@lru_cache(maxsize=8)
def criteria_on(on: dt.date) -> dict[str, str]:
    """{code: domain and words} of every criterion by which a hazard is major on a day; a page has them once."""
    return {
        each.code: f"{label}：{each.text}"
        for domain, label in criteria_rules.domains(on).items()
        for each in criteria_rules.criteria(domain, on)
    }


class FindingForm(forms.Form):
    """What is wrong and what becomes of it. Nothing is required here: `checks` names what is missing by item."""

    description = forms.CharField(
        label="问题", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    location = forms.CharField(label="部位", max_length=120, required=False)
    basis = forms.CharField(label="依据条款", max_length=200, required=False)
    level = forms.ChoiceField(label="等级", choices=Level.choices, required=False)
    criterion_code = forms.CharField(label="判定条款", max_length=20, required=False)
    fix_text = forms.CharField(
        label="怎么改的", max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    due_on = CalendarDayField(
        label="整改期限", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    responsible_person = forms.CharField(label="整改责任人", max_length=60, required=False)
    measures = forms.CharField(
        label="整改措施", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    funds = forms.DecimalField(
        label="整改资金（元）", min_value=0, max_digits=12, decimal_places=2, required=False,
        help_text="不需要投入的填 0", widget=forms.NumberInput({"inputmode": "decimal"}),
    )  # fmt: skip
    contingency = forms.CharField(
        label="应急预案", max_length=300, required=False, help_text="出现险情怎么办"
    )
    interim_measures = forms.CharField(
        label="临时管控措施", max_length=300, required=False, help_text="整改完成前怎么保证安全"
    )

    def __init__(self, *args: Any, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["responsible_person"].widget.attrs["autocomplete"] = "off"
        for name in ("contingency", "interim_measures", "measures", "fix_text"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean_criterion_code(self) -> str:
        """A code in force on the day, as printed: typed or taken from the list of the page."""
        code = str(self.cleaned_data["criterion_code"]).strip().upper().partition(" ")[0]
        if code and code not in criteria_on(self.on):
            raise forms.ValidationError(f"没有“{code}”这一条，请从列表中选择")
        return code


def words_of_failure(item: CheckItem) -> str:
    """How a finding begins: what was not done, or what was found although it must not be."""
    if item.text.startswith(FORBIDDEN):
        return f"发现：{item.text.removeprefix(FORBIDDEN)}"
    return f"未做到：{item.text}"


@dataclass
class Question:
    """One block of the page: an item of the checklist, or a finding off the list (`item` None)."""

    key: str
    no: int
    item: CheckItem | None
    form: FindingForm
    is_major: bool = False
    verdict: str = ""
    note: str = ""
    measured: str = ""
    outcome: str = ""
    before: list[dict[str, str]] = field(default_factory=list)
    after: list[dict[str, str]] = field(default_factory=list)
    scene: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_whole: bool = False  # of a page without script: everything it may need stands on it

    @property
    def asks_for_measure(self) -> bool:
        """Whether there is a line for what was measured, beside an item without a numeric demand."""
        return (
            self.item is not None
            and self.measure is None
            and any(word in self.item.method for word in MEASURED_WORDS)
        )

    @property
    def measure(self) -> Measure | None:
        """The number the item demands, judged while it is typed."""
        return self.item.demand if self.item else None

    @property
    def is_alone(self) -> bool:
        """Whether the item asks for nothing but its number, so that a good number is a good answer."""
        return self.item is not None and is_alone(self.item)

    @property
    def unit(self) -> str:
        return unit_label(self.measure) if self.measure else ""

    @property
    def reading(self) -> str:
        """What was measured, without the unit that stands beside the field."""
        return self.measured.removesuffix(f" {self.unit}") if self.unit else self.measured

    @property
    def is_written_out(self) -> bool:
        """Whether what follows stands on the page at once; otherwise the script makes it of the page's pattern when
        不合格 is pressed, or a finding off the list is opened."""
        if self.is_whole or self.verdict == "fail":
            return True
        return self.item is None and bool(self.is_begun or self.problems)

    @property
    def notes_now(self) -> bool:
        """Whether the remark stands on the page at once: it holds something, is owed, or a number may need its reason."""
        always = self.item is not None and self.item.photo == "always"
        return bool(self.is_whole or self.note or self.scene or self.measure or always)

    @property
    def is_for_now(self) -> bool:
        """Whether the item's ladder begins with 立即改正 (R052): a deadline is for what cannot be done at once."""
        return bool(self.item and self.item.dispositions and self.item.dispositions[0].startswith("立即改正"))

    @property
    def failure(self) -> str:
        return words_of_failure(self.item) if self.item else ""

    @property
    def is_begun(self) -> bool:
        """Whether anything was entered off the list: an empty block is no finding."""
        return bool(self.outcome or self.before or self.after or self.form["description"].value())


@dataclass
class Colleague:
    """One person who may have come along, as offered on the page."""

    key: str
    user: User | None
    name: str
    certificate_no: str
    is_self: bool
    is_present: bool
    image: str = ""
    is_typed: bool = False


class Walk:
    """The whole page: built empty for a visit, or bound to what was posted. `read` returns the Submission or problems."""

    def __init__(
        self,
        *,
        user: User,
        enterprise: Enterprise,
        organization: Organization,
        task: Task | None,
        checklist: Checklist | None,
        due_on: dt.date,
        major_due_on: dt.date,
        kind: str = "",
        everything: bool = False,
        whole: bool = False,
        along: Collection[int] = (),
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
    ) -> None:
        self.user, self.enterprise, self.organization = user, enterprise, organization
        self.task, self.checklist = task, checklist
        self.along = along
        self.is_whole = whole
        self.data, self.files = data, files
        self.problems: list[Problem] = []
        self.due_on, self.major_due_on = due_on, major_due_on
        self.today = timezone.localdate()
        every = list(checklist.items.order_by("position")) if checklist else []
        # Items left out for what the registry says are shown by their words; somebody who sees otherwise takes them in.
        self.items, self.left_out = parted(every, enterprise)
        if everything:
            self.items = sorted([*self.items, *self.left_out], key=lambda item: item.position)
            self.left_out = []
        self.premises = list(enterprise.premises.filter(is_active=True).order_by("id"))
        self.client_id = self._given("client_id") or str(uuid.uuid4())
        self.started_at = self._given("started_at") or timezone.now().isoformat()
        # A page made for an enterprise's own check is for that alone: no choice, no experts, no guests.
        self.is_own = kind in OWN
        self.is_delivery = kind == Inspection.Kind.DELIVERY
        kinds = (Inspection.Kind(kind),) if self.is_own else conducted_by(organization)
        self.kinds = [(each.value, each.label) for each in kinds]
        first = kind if kind in kinds else kinds[0]
        self.kind = kind_in_force(self._given("kind"), organization) or str(first)
        self.kept = {name: self._given(name) for name in PLAIN_FIELDS}
        self._photos = self._known_photos()
        self.questions = [
            # The number is the one in the list, also where some items are not asked: messages and the record name it.
            self._question(f"q{item.position}", item.position, item)
            for item in self.items
        ]
        self.others = [self._question(f"o{no}", no, None) for no in range(1, MAX_OTHERS + 1)]
        self.scene = self._pictures("visit-scene")
        self.colleagues = self._colleagues()

    @property
    def criteria(self) -> list[tuple[str, str]]:
        """What a hazard may be graded major by today, once for the whole page."""
        return list(criteria_on(self.today).items())

    # --- what was given -------------------------------------------------------------------

    def _given(self, name: str) -> str:
        return self.data.get(name, "").strip() if self.data is not None else ""

    def _known_photos(self) -> dict[str, Attachment]:
        """Photos named in the form that this person has uploaded; others are refused when they are attached."""
        if self.data is None:
            return {}
        wanted: set[uuid.UUID] = set()
        for name in self.data:
            if name.endswith(("-before", "-after", "-scene")):
                wanted.update(_uuids(self.data.getlist(name)))
        rows = Attachment.objects.filter(pk__in=wanted, kind=Attachment.Kind.IMAGE, uploaded_by=self.user)
        return {str(row.pk): row for row in rows}

    def _question(self, key: str, no: int, item: CheckItem | None) -> Question:
        initial: dict[str, Any] = {"funds": "0"}
        major = item is not None and is_major(item, self.today)
        if item is not None:
            initial |= {
                "description": words_of_failure(item),
                "basis": item.basis,
                "level": Level.MAJOR if major else Level.GENERAL,
                "due_on": self.major_due_on if major else self.due_on,
            }
        else:
            initial |= {"due_on": self.due_on, "level": Level.GENERAL}
        form = FindingForm(self.data, prefix=key, initial=initial, on=self.today)
        return Question(
            key,
            no,
            item,
            form,
            is_major=major,
            verdict=self._given(f"{key}-verdict"),
            note=self._given(f"{key}-note"),
            measured=self._given(f"{key}-measured"),
            outcome=self._given(f"{key}-outcome"),
            before=self._pictures(f"{key}-before"),
            after=self._pictures(f"{key}-after"),
            scene=self._pictures(f"{key}-scene"),
            is_whole=self.is_whole,
        )

    @property
    def patterns(self) -> list[tuple[str, Question, bool]]:
        """[(name, a question that stands for any, whether of the list)]: what a question shows when it is wanted, once
        for the page. The script puts in the key and the number of the question (static/js/lazy.mjs)."""
        names = ["note", "finding", "other"]
        if any(question.is_major for question in self.questions):
            names.append("finding-major")
        return [(name, self._pattern(is_major=name == "finding-major"), name != "other") for name in names]

    def _pattern(self, *, is_major: bool) -> Question:
        initial = {
            "funds": "0",
            "level": Level.MAJOR if is_major else Level.GENERAL,
            "due_on": self.major_due_on if is_major else self.due_on,
        }
        return Question(
            "q0", 0, None, FindingForm(prefix="q0", initial=initial, on=self.today), is_major=is_major
        )

    def _pictures(self, name: str) -> list[dict[str, str]]:
        """Photos already uploaded, and those a browser without script sends along with the form."""
        if self.data is None:
            return []
        rows = [self._photos[each] for each in self.data.getlist(name) if each in self._photos]
        for file in self.files.getlist(f"{name}_files") if self.files else []:
            if len(rows) >= MAX_PHOTOS:
                break
            try:
                rows.append(attachments.store_upload(file, by=self.user, kind=Attachment.Kind.IMAGE))
            except UploadRefused as error:
                self.problems.append(Problem(name.partition("-")[0], f"照片“{file.name}”没有收下：{error}"))
        return [
            {
                "id": str(row.pk),
                "url": row.get_absolute_url(),
                "thumbnail": row.thumbnail_url,
                "caption": row.name,
            }
            for row in rows
        ]

    def _colleagues(self) -> list[Colleague]:
        """Oneself first, then those of one's organization, then the experts of the area and those above it; a few
        guests may be written in by hand."""
        active = User.objects.filter(holdings__to_on=None, is_active=True, is_service=False).distinct()
        own = active.filter(holdings__post__organization=self.organization).exclude(pk=self.user.pk)
        area = self.organization.region_id
        experts = active.filter(
            holdings__post__organization__kind=Organization.Kind.EXPERTS,
            holdings__post__organization__region__in=[area, *ancestors(area)],
        )
        people = list(own.order_by("full_name", "pk")[:30])
        if not self.is_own:
            people += experts.order_by("full_name", "pk")[:30]
        if self.kind == Inspection.Kind.JOINT:
            people += [each for each in self._others(active) if each not in people]
        chosen = set(self.data.getlist("members")) if self.data is not None else set()
        rows = [self._colleague(self.user, is_self=True, is_present=True)]
        rows += [self._colleague(each, is_self=False, is_present=str(each.pk) in chosen) for each in people]
        for no in () if self.is_own else (1, 2):
            key = f"guest{no}"
            name = self._given(f"{key}-name")
            rows.append(
                Colleague(
                    key,
                    None,
                    name,
                    self._given(f"{key}-certificate"),
                    False,
                    bool(name),
                    self._given(f"{key}-signature"),
                )
            )
        return rows

    def _others(self, active: QuerySet[User]) -> list[User]:
        """On a joint visit: the inspectors of the line department, of the locality, and of the bodies of the city that
        agreed to come along (R064, R059)."""
        enterprise = self.enterprise
        conducting = [
            role for role, each in ROLES.items() if Permission.CONDUCT_INSPECTION in each.permissions
        ]
        bodies = Organization.objects.filter(
            Q(pk=enterprise.department_id)
            | Q(kind=Organization.Kind.LOCALITY, region=enterprise.locality_id, valid_to=None)
            | Q(pk__in=self.along, region__code__startswith=enterprise.city_id)
        ).exclude(pk=self.organization.pk)
        rows = active.filter(holdings__post__organization__in=bodies, holdings__post__role__in=conducting)
        return list(rows.exclude(pk=self.user.pk).order_by("full_name", "pk")[:30])

    def _colleague(self, user: User, *, is_self: bool, is_present: bool) -> Colleague:
        key = f"m{user.pk}"
        certificate = self._given(f"{key}-certificate") if self.data is not None else user.certificate_no
        return Colleague(
            key, user, user.full_name, certificate, is_self, is_present, self._given(f"{key}-signature"),
            bool(self._given(f"{key}-signature_typed")) and is_self,
        )  # fmt: skip

    # --- what it means --------------------------------------------------------------------

    def read(self) -> Submission | None:
        """The visit as plain data, or None with `problems` when a field cannot be read at all."""
        started, client_id = self._moment(), self._client_id()
        answers = [self._answer(question, question.item) for question in self.questions if question.item]
        others = tuple(self._finding(question) for question in self.others if question.is_begun)
        premises = self._premises()
        if self.problems or started is None or client_id is None:
            return None
        return Submission(
            client_id=client_id,
            kind=self._given("kind") or self.kind,
            enterprise=self.enterprise,
            premises=premises,
            task=self.task,
            checklist=self.checklist,
            started_at=started,
            finished_at=max(started, timezone.now()),
            members=tuple(
                MemberGiven(each.name, each.user, each.certificate_no, self._signature(each))
                for each in self.colleagues
                if each.is_present
            ),
            accompanying_name=self._given("accompanying_name"),
            accompanying_title=self._given("accompanying_title"),
            accompanying_signature=self._accompanying(),
            answers=tuple(answers),
            others=others,
            longitude=_degree(self._given("longitude"), 180),
            latitude=_degree(self._given("latitude"), 90),
            accuracy=_metres(self._given("accuracy")),
            opinion=self._given("opinion"),
            photos=_ids(self.scene),
        )

    def _answer(self, question: Question, item: CheckItem) -> AnswerGiven:
        verdict = VERDICTS.get(question.verdict, "")
        return AnswerGiven(
            position=item.position,
            verdict=verdict,
            note=question.note,
            measured=with_unit(item, question.measured),
            finding=self._finding(question) if verdict == Answer.Verdict.FAIL else None,
            photos=_ids(question.scene),
        )

    def _finding(self, question: Question) -> Finding:
        form = question.form
        if not form.is_valid():
            name = f"第 {question.no} 项" if question.item else f"其他问题 {question.no}"
            for field_name, errors in form.errors.items():
                label = form.fields[field_name].label
                self.problems += [Problem(question.key, f"{name}的{label}：{error}") for error in errors]
        clean = form.cleaned_data
        level = Level.MAJOR if question.is_major else clean.get("level") or Level.GENERAL
        return Finding(
            description=clean.get("description", ""),
            outcome=question.outcome or (Outcome.FIXED if question.after else ""),
            location=clean.get("location", ""),
            basis=clean.get("basis", ""),
            level=level,
            criterion_code=self._criterion(question, clean) if level == Level.MAJOR else "",
            photos=_ids(question.before),
            after_photos=tuple(each["id"] for each in question.after)
            if question.outcome in {Outcome.FIXED, ""}
            else (),
            fix_text=clean.get("fix_text", ""),
            due_on=clean.get("due_on"),
            responsible_person=clean.get("responsible_person", ""),
            measures=clean.get("measures", ""),
            funds=clean.get("funds"),
            contingency=clean.get("contingency", ""),
            interim_measures=clean.get("interim_measures", ""),
        )

    def _criterion(self, question: Question, clean: dict[str, Any]) -> str:
        """An item that is major by itself names its criterion; otherwise a person has chosen one."""
        if question.is_major and question.item and question.item.criterion_code:
            return question.item.criterion_code
        return str(clean.get("criterion_code", ""))

    def _signature(self, colleague: Colleague) -> SignatureGiven | None:
        if colleague.is_typed:
            return SignatureGiven(LOGIN)
        return SignatureGiven(DRAWN, image=colleague.image) if colleague.image else None

    def _accompanying(self) -> SignatureGiven | None:
        if self._given("accompanying_signature_typed"):
            return SignatureGiven(REFUSED, remark=self._given("refusal"))
        image = self._given("accompanying_signature")
        return SignatureGiven(DRAWN, image=image) if image else None

    def _moment(self) -> dt.datetime | None:
        try:
            started = dt.datetime.fromisoformat(self.started_at)
        except ValueError:
            started = None  # type: ignore[assignment]
        if started is None or started.tzinfo is None or not 2000 <= started.year <= 2100:
            self.problems.append(Problem("started_at", "开始时间读不出来，请刷新页面后重试"))
            return None
        return started

    def _client_id(self) -> uuid.UUID | None:
        found = _uuids([self.client_id])
        if not found:
            self.problems.append(Problem("client_id", "设备编号不正确，请刷新页面后重试"))
            return None
        return found[0]

    def _premises(self) -> Premises | None:
        given = self._given("premises")
        if not given:
            return None
        found = next((each for each in self.premises if str(each.pk) == given), None)
        if found is None:
            self.problems.append(Problem("premises", "所选场所不属于这家企业，请重新选择"))
        return found

    # --- what is to be put right ----------------------------------------------------------

    def show(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its question; the list on top keeps them all."""
        self.problems = list(problems)
        by_key = {question.key: question for question in (*self.questions, *self.others)}
        for problem in self.problems:
            if problem.where in by_key:
                by_key[problem.where].problems.append(problem.message)


def _uuids(values: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for value in values:
        try:
            found.append(uuid.UUID(value))
        except ValueError:
            continue
    return found


def _ids(pictures: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(each["id"] for each in pictures)


def _metres(text: str) -> int | None:
    """Whole metres of at most the way round the earth; None for anything else a browser may send."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 8 else None


def _degree(text: str, limit: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -limit <= value <= limit else None
