"""What people fill in about papers upward."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.core.forms import RowsField, day_field, words_field
from bihuan.rules.regions import ancestors

from .ladder import addressees, copy_choices, offices_above
from .matters import LEVELS, Matter
from .models import ImportantMatter, Submission
from .workflow import Form, Outcome, ReturnGround, Stance

CONDITION_ROWS = 5
OUTSIDE = "outside"


class DraftForm(forms.Form):
    """A draft: one matter, one addressee."""

    title = forms.CharField(label="标题", max_length=120, help_text="关于……的请示（报告）")
    event_on = day_field("事项发生日期", help_text="报出期限从这天起算")
    addressee = forms.ChoiceField(label="主送单位")
    addressee_name = forms.CharField(
        label="主送机关名称（不在本系统的上级）", max_length=80, required=False, help_text="只写一个机关，例：云岭省安全生产委员会办公室"
    )  # fmt: skip
    skip_reason = words_field(
        "越级行文的理由",
        300,
        required=False,
        rows=2,
        help_text="只有越过上一级时才写；被越过的单位会同时收到抄送",
    )
    copies = RowsField(
        label="抄送", queryset=Organization.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        help_text="需要同时知道的上级和同级单位，不抄送下级",
    )  # fmt: skip
    situation = words_field("基本情况", 6000, rows=7)
    opinion = words_field("本单位意见", 4000, required=False, rows=4)
    ask = words_field("请示事项", 2000, rows=3)
    contact = forms.CharField(
        label="联系人和电话",
        max_length=60,
        required=False,
        help_text="印在附注处，例：李某某，办公电话 0871-1234567",
    )

    def __init__(self, data: Any = None, *, form: str, organization: Organization, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.kind, self.organization = form, organization
        self.known = {str(each.pk): each for each in addressees(organization)}
        above = offices_above(organization)
        first = above[0].pk if above else None
        self.fields["addressee"].choices = [  # type: ignore[attr-defined]
            *(
                (key, f"{each.name}{'（上一级）' if each.pk == first else ''}")
                for key, each in self.known.items()
            ),
            (OUTSIDE, "不在本系统的上级机关（下面写名称）"),
        ]
        self.fields["copies"].queryset = (  # type: ignore[attr-defined]
            Organization.objects.current(on=timezone.localdate())
            .filter(copy_choices(organization))
            .order_by("region_id", "kind", "id")
        )
        if form == Form.SITUATION:
            self.fields["title"].help_text = "关于……的报告"
            self.fields["opinion"].label = "已开展的工作"
            self.fields["ask"].label = "下一步打算"
            self.fields["ask"].required = False
            self.fields["ask"].help_text = "报告不得夹带请示事项；需要上级答复的，请另写请示"
        else:
            self.fields["title"].help_text = "关于……的请示"
            self.fields["opinion"].help_text = "请示应当写明本单位的倾向性意见"
            self.fields["ask"].help_text = "一文一事，写明请求上级决定什么"
            self.fields["contact"].required = True

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("addressee") == OUTSIDE and not given.get("addressee_name", "").strip():
            self.add_error("addressee_name", "主送机关不在本系统的，请写明名称")
        return given

    def chosen(self) -> Organization | None:
        """The body of this installation that was chosen; None for one outside."""
        return self.known.get(self.cleaned_data["addressee"])


class ReasonForm(forms.Form):
    reason = words_field("理由", 500)


class NoteForm(forms.Form):
    note = words_field("意见", 500, required=False, rows=2)


class ReturnForm(forms.Form):
    ground = forms.ChoiceField(label="退回原因", choices=ReturnGround.choices)
    reason = words_field("说明", 500, help_text="写明缺什么、应当报给谁，对方据此重新报送")


class ExtendForm(forms.Form):
    due_on = day_field("新的答复期限")
    reason = words_field("理由", 300, rows=2, help_text="报送单位会看到")


class AssignForm(forms.Form):
    """Who works at the answer."""

    officer = forms.ChoiceField(label="承办人")
    note = words_field("交办意见", 300, required=False, rows=2)

    def __init__(self, data: Any = None, *, submission: Submission) -> None:
        super().__init__(data)
        self.people = officers_of(submission.addressee_id)
        self.fields["officer"].choices = [  # type: ignore[attr-defined]
            (str(user.pk), f"{user.full_name}（{title}）") for user, title in self.people
        ]

    def chosen(self) -> User:
        """The person who was chosen."""
        return next(user for user, _ in self.people if str(user.pk) == self.cleaned_data["officer"])


def officers_of(organization_id: int | None) -> list[tuple[User, str]]:
    """Whoever handles requests in a body today, with the post."""
    if organization_id is None:
        return []
    today = timezone.localdate()
    roles = [role for role, known in ROLES.items() if Permission.ANSWER_SUBMISSION in known.permissions]
    rows = (
        Holding.objects.filter(
            post__organization=organization_id, post__role__in=roles, post__is_active=True, user__is_active=True,
            from_on__lte=today,
        )
        .exclude(to_on__lt=today)
        .select_related("user", "post")
        .order_by("post_id", "kind", "pk")
    )  # fmt: skip
    found: dict[int, tuple[User, str]] = {}
    for each in rows:
        found.setdefault(each.user_id, (each.user, str(each.post.title)))
    return list(found.values())


class ConsultForm(forms.Form):
    """Whose opinion is asked, about what."""

    bodies = RowsField(
        label="会签单位", queryset=Organization.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    question = words_field("征求什么意见", 500)

    def __init__(self, data: Any = None, *, submission: Submission) -> None:
        super().__init__(data)
        assert submission.addressee is not None
        code = submission.addressee.region_id
        self.fields["bodies"].queryset = (  # type: ignore[attr-defined]
            Organization.objects.current(on=timezone.localdate())
            .filter(
                region_id__in=[code, *ancestors(code)],
                kind__in=[Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE],
            )
            .exclude(pk__in=[submission.organization_id, submission.addressee_id])
            .order_by("kind", "region_id", "id")
        )


class OpinionForm(forms.Form):
    stance = forms.ChoiceField(label="态度", choices=Stance.choices)
    text = words_field("意见", 2000, required=False, rows=4, help_text="不同意或有修改意见的，写明理由和建议")


class ProposeForm(forms.Form):
    outcome = forms.ChoiceField(label="建议", choices=Outcome.choices)
    text = words_field("拟办意见", 3000, rows=4, help_text="依据、各单位意见是否采纳、建议怎样批复")


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(label="批复结论", choices=Outcome.choices)
    text = words_field(
        "批复内容", 3000, rows=5, help_text="先明确表态，再写要求；逐条要求写在下面，会成为对方的待办"
    )


class ToldAnswerForm(AnswerForm):
    """An answer of an addressee outside, entered by its number."""

    number = forms.CharField(label="批复文号", max_length=60)
    on = day_field("批复日期")


class ToldReceivedForm(forms.Form):
    receiver = forms.CharField(label="上级签收人", max_length=60)
    on = day_field("签收日期")


class ConditionForm(forms.Form):
    """One condition of an answer."""

    text = forms.CharField(label="要求", max_length=500, required=False)
    due_on = day_field("期限", required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("due_on") and not given.get("text") and not self.errors:
            raise forms.ValidationError("这一行写了期限，还没有写要求")
        return given


class ReportForm(forms.Form):
    text = words_field("落实情况", 1000, rows=4, help_text="做了什么、办到什么程度，可附照片和材料")


class MatterForm(forms.Form):
    """One row of an office's own list."""

    name = forms.CharField(label="事项", max_length=60)
    form = forms.ChoiceField(label="请示还是报告", choices=ImportantMatter.Way.choices)
    days = forms.IntegerField(label="几日内报出", min_value=0, max_value=365, help_text="0 为当日")
    unit = forms.ChoiceField(label="按", choices=ImportantMatter.Unit.choices)
    event = forms.CharField(label="从哪天起算", max_length=60, help_text="例：认定为重大隐患之日")
    level = forms.ChoiceField(label="报到", choices=ImportantMatter.Level.choices)
    answer_days = forms.IntegerField(
        label="几日内答复",
        min_value=0,
        max_value=365,
        required=False,
        help_text="请示用，按工作日；不填按一般时限",
    )
    ask = words_field("请示事项（下一步打算）的写法", 500, required=False)
    document = forms.CharField(label="依据文件", max_length=200)
    effective_from = day_field("执行自")
    effective_to = day_field("执行至", required=False)
    is_dropped = forms.BooleanField(label="不再列入清单", required=False)

    def __init__(self, data: Any = None, *, matter: Matter | None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if matter is None:
            del self.fields["is_dropped"]
        elif matter.level not in ImportantMatter.Level.values:
            kept = (matter.level, LEVELS[matter.level])
            self.fields["level"].choices = [kept, *ImportantMatter.Level.choices]  # type: ignore[attr-defined]

    def clean_answer_days(self) -> int:
        """Nothing given is the usual clock."""
        return int(self.cleaned_data["answer_days"] or 0)
