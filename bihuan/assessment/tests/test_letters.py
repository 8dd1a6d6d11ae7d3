"""Letters of responsibility down the chain: issued, signed below, countersigned above, then a paper."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.assessment import actions
from bihuan.assessment.models import Letter
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
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
