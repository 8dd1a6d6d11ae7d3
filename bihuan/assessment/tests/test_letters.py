"""Letters of responsibility down the chain: issued, signed below, countersigned above, then a paper."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.assessment import actions
from bihuan.assessment.models import Letter, LetterForm
from bihuan.assessment.wording import letter_of_campaign
from bihuan.campaigns.models import Campaign, Target, Task
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import make_campaign
from bihuan.papers.models import Paper

from .factories import make_form, make_letters

pytestmark = pytest.mark.django_db


def owed(letter: Letter) -> Duty:
    return Duty.objects.open().get(kind=Duty.Kind.LETTER, subject=f"assessment.letter:{letter.pk}")


def test_both_sides_sign_and_it_becomes_a_paper(world) -> None:
    (letter,) = make_letters(world)
    assert owed(letter).post == world.posts["qingshi_leader"]
    with pytest.raises(IllegalMove):
        actions.sign_letter(letter, "sign_upper", by=world.people.office_leader)
    with pytest.raises(PermissionDenied):
        actions.sign_letter(letter, "sign_lower", by=world.people.baita_leader)
    actions.sign_letter(letter, "sign_lower", by=world.people.qingshi_leader)
    assert owed(letter).post == world.posts["office_leader"]
    actions.sign_letter(letter, "sign_upper", by=world.people.office_leader)
    letter.refresh_from_db()
    assert letter.status == "signed"
    assert letter.paper.kind == Paper.Kind.LETTER
    words = str(letter.paper.content)
    assert "不超过 2 人" in words
    assert "王同心" in words
    assert "钱立行" in words
    with pytest.raises(IllegalMove):
        actions.withdraw_letter(letter, reason="改主意", by=world.people.office)


def test_the_chain_goes_on_to_enterprises_and_posts(world) -> None:
    (letter,) = make_letters(world)
    actions.sign_letter(letter, "sign_lower", by=world.people.qingshi_leader)
    actions.sign_letter(letter, "sign_upper", by=world.people.office_leader)
    form = actions.write_form(
        world.organizations.qingshi, kind="commitment", year=letter.year, title="企业安全责任承诺书", text="我单位承诺。", parent=letter,
        by=world.people.qingshi_leader,
    )  # fmt: skip
    made = actions.issue_letters(
        form, bodies=[world.organizations.shop], posts=[world.posts["inspector"]], by=world.people.qingshi_leader
    )  # fmt: skip
    actions.sign_letter(made[0], "sign_lower", by=world.people.shop)
    with pytest.raises(PermissionDenied):
        actions.sign_letter(made[1], "sign_lower", by=world.people.qingshi_leader)
    actions.sign_letter(made[1], "sign_lower", by=world.people.inspector)
    assert actions.countersign_all(form, by=world.people.qingshi_leader) == 2
    assert set(form.letters.values_list("status", flat=True)) == {"signed"}


def test_whom_a_letter_may_not_go_to(world) -> None:
    form = make_form(world)
    with pytest.raises(Refused, match="不是市安委办的下级"):
        actions.issue_letters(form, bodies=[world.organizations.office], by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.issue_letters(form, bodies=[world.organizations.qingshi], by=world.people.housing_leader)
    made = actions.issue_letters(form, bodies=[world.organizations.qingshi], by=world.people.office)
    assert actions.issue_letters(form, bodies=[world.organizations.qingshi], by=world.people.office) == []
    with pytest.raises(ReasonRequired):
        actions.withdraw_letter(made[0], reason=" ", by=world.people.office)
    actions.withdraw_letter(made[0], reason="内容有误", by=world.people.office)
    assert len(actions.issue_letters(form, bodies=[world.organizations.qingshi], by=world.people.office)) == 1


def test_who_has_not_signed_is_seen_by_whom_it_concerns(world) -> None:
    make_letters(world, "qingshi", "baita")
    assert Letter.objects.visible_to(world.people.office).count() == 2
    assert Letter.objects.visible_to(world.people.qingshi_leader).count() == 1
    assert Letter.objects.visible_to(world.people.shop).count() == 0
    assert Letter.objects.visible_to(world.people.expert).count() == 0


def test_a_letter_begins_with_what_the_plan_wants(world, client) -> None:
    gas = make_campaign(world)
    year = timezone.localdate().year
    Task.objects.create(
        campaign=gas.campaign, no="二", heading="管道巡查", text="每月巡查  一遍\n燃气管道", position=2,
        due_on=dt.date(year, 11, 30),
    )  # fmt: skip
    Task.objects.create(
        campaign=gas.campaign,
        no="三",
        heading="不再要求",
        text="修订后不再要求",
        position=3,
        ended_on=dt.date(year, 1, 2),
    )
    Target.objects.create(
        campaign=gas.campaign, text="排查 覆盖率", metric="coverage", threshold=Decimal(100)
    )
    Target.objects.create(campaign=gas.campaign, text="不发生较大事故")
    office = sign_in(client, world.people.office)
    form = office.get(reverse("assessment:new_letters"), {"campaign": gas.campaign.pk}).context["form"]
    begun = {name: form.initial[name] for name in ("title", "targets", "text")}
    assert begun == {
        "title": f"{year} 年燃气专项整治目标责任书",
        "targets": "排查覆盖率 不低于 100%\n不发生较大事故",
        "text": f"一 排查餐饮场所用气\n二 每月巡查 一遍 燃气管道（{year}年11月30日前完成）",
    }
    sent = begun | {
        "organization": world.organizations.office.pk,
        "kind": "responsibility",
        "year": year,
        "parent": "",
    }
    answer = office.post(reverse("assessment:new_letters"), sent)
    assert answer.status_code == 302, answer.context["form"].errors
    made = LetterForm.objects.get()
    assert made.targets == [["排查覆盖率", "不低于 100%"], ["不发生较大事故", ""]]
    # Longer than a letter may be: the headings. Another's campaign, an ended one and nonsense bring nothing.
    assert letter_of_campaign(gas.campaign, year=year, most=40)["text"] == (
        f"一 餐饮场所燃气\n二 管道巡查（{year}年11月30日前完成）"
    )
    for nonsense in ("x", "999999", "-1"):
        answer = office.get(reverse("assessment:new_letters"), {"campaign": nonsense})
        assert "title" not in answer.context["form"].initial
    Campaign.objects.update(status="finished")
    answer = office.get(reverse("assessment:new_letters"), {"campaign": gas.campaign.pk})
    assert "title" not in answer.context["form"].initial
