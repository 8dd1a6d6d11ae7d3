"""Every step can be taken back whole, by the person who took it, unless somebody has been there since."""

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import OrganizationAlias
from bihuan.audit.models import Event
from bihuan.campaigns import actions
from bihuan.campaigns.models import PlanStep
from bihuan.core.errors import IllegalMove, Refused

from .plans import check_off, make_colleague, task, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(people):
    return people.office


@pytest.fixture
def colleague(world):
    """A second officer of the same office."""
    return make_colleague(world)


def state_of(draft):
    return [(item.pk, item.kind, item.data, item.spans, item.state) for item in draft.items.all()]


def test_each_step_is_undone_whole(draft, office):
    survey, install, filling = (task(draft, name) for name in ("摸清底数", "查违规安装", "查充装管理"))
    phase = draft.items.filter(kind="phase").first()
    steps = [
        lambda: actions.confirm_item(survey, version=1, by=office),
        lambda: actions.edit_item(install, install.data | {"due": "2026-09-01"}, version=1, by=office),
        lambda: actions.merge_items(install, filling, versions=(1, 1), by=office),
        lambda: actions.remove_item(survey, version=1, by=office),
        lambda: actions.retype_item(phase, "task", version=1, by=office),
        lambda: actions.confirm_confident(draft, by=office),
    ]
    before = state_of(draft)
    for step in steps:
        step()
        assert state_of(draft) != before
        actions.undo_step(draft, by=office)
        assert state_of(draft) == before
        # The versions go on: what another page still shows is stale, never silently right again.
        draft.items.update(version=1)
    assert Event.objects.filter(act="campaigns.undo").count() == len(steps)


def test_what_a_step_created_is_out_of_the_way_after_undoing(draft, office):
    item = task(draft, "查充装管理")
    _, second = actions.split_item(item, 1, version=1, by=office)
    actions.undo_step(draft, by=office)
    item.refresh_from_db()
    second.refresh_from_db()
    assert item.data["text"].endswith("负责）")
    assert second.state == "removed"


def test_undoing_a_match_unlearns_the_name(draft, office, world):
    name = unit(draft, "市燃气协会")
    actions.match_unit(name, by=office, organization=world.organizations.market)
    assert OrganizationAlias.objects.filter(key=name.key).exists()
    actions.undo_step(draft, by=office)
    name.refresh_from_db()
    assert not name.is_matched
    assert not OrganizationAlias.objects.filter(key=name.key).exists()


def test_steps_are_undone_one_after_another_and_end(draft, office):
    survey = actions.confirm_item(task(draft, "摸清底数"), version=1, by=office)
    actions.remove_item(survey, version=2, by=office)
    assert actions.undo_step(draft, by=office).act == "remove_item"
    assert actions.undo_step(draft, by=office).act == "confirm_item"
    with pytest.raises(Refused, match="没有可以撤销"):
        actions.undo_step(draft, by=office)


def test_nobody_undoes_over_another_and_everybody_only_their_own(draft, office, colleague):
    item = actions.confirm_item(task(draft, "摸清底数"), version=1, by=office)
    with pytest.raises(Refused, match="没有可以撤销"):
        actions.undo_step(draft, by=colleague)
    actions.edit_item(item, item.data | {"heading": "摸底"}, version=2, by=colleague)
    with pytest.raises(Refused, match="之后又有人改过"):
        actions.undo_step(draft, by=office)
    item.refresh_from_db()
    assert item.data["heading"] == "摸底"


def test_letters_typed_one_after_another_are_one_step(draft, office):
    item = task(draft, "摸清底数")
    for version, heading in enumerate(["摸", "摸底", "摸底数"], start=1):
        item = actions.edit_item(item, item.data | {"heading": heading}, version=version, by=office)
    assert PlanStep.objects.filter(document=draft).count() == 1
    actions.undo_step(draft, by=office)
    item.refresh_from_db()
    assert item.data["heading"] == "摸清底数"


def test_saving_unchanged_changes_nothing(draft, office):
    item = actions.confirm_item(task(draft, "摸清底数"), version=1, by=office)
    same = actions.edit_item(item, item.data, version=2, by=office)
    assert (same.version, same.state) == (2, "confirmed")


def test_a_published_plan_takes_no_steps(draft, office, world):
    check_off(draft, world)
    actions.publish(draft, by=office)
    with pytest.raises(IllegalMove, match="已发布"):
        actions.undo_step(draft, by=office)


def test_others_take_no_steps(draft, world):
    with pytest.raises(PermissionDenied):
        actions.undo_step(draft, by=world.people.housing)


def test_another_kind_keeps_words_and_place(draft, office):
    item = task(draft, "摸清底数")
    whole = item.whole
    item = actions.retype_item(item, "report", version=1, by=office)
    assert (item.kind, item.whole, item.state) == ("report", whole, "proposed")
    assert item.data["when"].startswith("1.摸清底数。逐户登记餐饮企业")
    with pytest.raises(Refused, match="已经是报送"):
        actions.retype_item(item, "report", version=2, by=office)
    with pytest.raises(Refused, match="没有这个类别"):
        actions.retype_item(item, "nonsense", version=2, by=office)


def test_tasks_of_a_phase_that_is_none_belong_to_no_phase(draft, office):
    phase = draft.items.filter(kind="phase").first()
    assert task(draft, "摸清底数").data["phase"] == phase.pk
    actions.retype_item(phase, "duty", version=1, by=office)
    assert task(draft, "摸清底数").data["phase"] is None


def test_a_chapter_is_confirmed_at_one_stroke_but_for_what_needs_a_look(draft, office):
    chapter = draft.items.get(kind="section", data__title="三、主要任务")
    assert actions.confirm_section(chapter, by=office) == 1
    assert task(draft, "查违规安装").state == "confirmed"
    assert task(draft, "查充装管理").state == "proposed"  # its unit is not identified
    assert task(draft, "摸清底数").state == "proposed"  # another chapter
    with pytest.raises(Refused, match="只能按章节"):
        actions.confirm_section(task(draft, "摸清底数"), by=office)
