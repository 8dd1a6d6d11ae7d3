"""Checking a draft: nothing is overwritten, nothing lost, everything can be undone until it is published."""

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.campaigns import actions
from bihuan.campaigns.models import PlanItem
from bihuan.campaigns.queries.draft import blocking, missing, progress
from bihuan.core.errors import IllegalMove, Refused

from .plans import task, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(people):
    return people.office


def test_a_stale_edit_is_refused_and_shows_what_stands(draft, office):
    mine, theirs = task(draft, "查充装管理"), task(draft, "查充装管理")
    actions.edit_item(theirs, theirs.data | {"heading": "查充装站"}, version=1, by=office)
    with pytest.raises(actions.StaleItem, match="第 2 版") as refusal:
        actions.edit_item(mine, mine.data | {"heading": "查气瓶充装"}, version=1, by=office)
    assert refusal.value.current.data["heading"] == "查充装站"
    mine.refresh_from_db()
    assert (mine.data["heading"], mine.version) == ("查充装站", 2)


def test_an_edited_element_must_be_confirmed_again(draft, office):
    item = task(draft, "摸清底数")
    item = actions.confirm_item(item, version=1, by=office)
    assert item.state == "confirmed"
    item = actions.edit_item(item, item.data | {"due": "2026-08-31"}, version=2, by=office)
    assert (item.state, item.version, item.edited_by) == ("proposed", 3, office)
    item = actions.edit_item(item, item.data, version=3, by=office, confirm=True)
    assert item.state == "confirmed"


def test_a_new_unit_typed_into_a_task_is_resolved_or_asked_about(draft, office, world):
    item = task(draft, "摸清底数")
    actions.edit_item(item, item.data | {"lead": ["市住建局"], "support": ["市气象局"]}, version=1, by=office)
    assert unit(draft, "市住建局").organization == world.organizations.housing
    assert not unit(draft, "市气象局").is_matched


def test_a_phase_of_another_plan_is_refused(draft, office):
    item = task(draft, "摸清底数")
    with pytest.raises(Refused, match="阶段"):
        actions.edit_item(item, item.data | {"phase": 999_999}, version=1, by=office)


def test_removed_and_restored(draft, office):
    item = task(draft, "摸清底数")
    item = actions.remove_item(item, version=1, by=office)
    assert item.state == "removed"
    item = actions.restore_item(item, version=2, by=office)
    assert item.state == "proposed"
    with pytest.raises(IllegalMove):
        actions.restore_item(item, version=3, by=office)


def test_units_of_removed_tasks_hold_nothing_up(draft, office):
    item = task(draft, "查充装管理")
    actions.remove_item(item, version=1, by=office)
    assert progress(draft.items.all(), draft.units.all()).open_units == 0


def test_added_from_a_passage_it_stands_where_the_passage_stands(draft, office):
    start = draft.text.index("开展回头看")
    item = actions.add_item(draft, "task", by=office, passage=" 开展回头看，对反弹的重新立项。", start=start)
    assert item.whole == (start, start + 15)
    assert item.data["heading"] == "开展回头看，对反弹的重新立项"
    assert item.state == "proposed"
    labels = [row.label for row in draft.items.all()]
    assert labels.index("开展回头看，对反弹的重新立项") == labels.index("二/（二） 巩固提升阶段") + 1


def test_added_blank_it_must_be_filled_in_before_it_counts(draft, office):
    item = actions.add_item(draft, "task", by=office)
    assert item.whole is None
    with pytest.raises(Refused, match="没有名称"):
        actions.confirm_item(item, version=1, by=office)


def test_neighbours_merge_and_keep_their_evidence(draft, office):
    first, second = task(draft, "查违规安装"), task(draft, "查充装管理")
    merged = actions.merge_items(first, second, versions=(1, 1), by=office)
    assert merged.whole == (first.whole[0], second.whole[1])
    assert merged.spans["lead"] == first.spans["lead"] + second.spans["lead"]
    assert merged.data["lead"] == ["市住房和城乡建设局", "市市场监管局"]
    assert len(merged.data["check_items"]) == 2
    second.refresh_from_db()
    assert second.state == "removed"


def test_what_are_no_neighbours_do_not_merge(draft, office):
    with pytest.raises(Refused, match="相邻"):
        actions.merge_items(task(draft, "摸清底数"), task(draft, "查充装管理"), versions=(1, 1), by=office)


def test_a_stale_neighbour_stops_the_merge_whole(draft, office):
    first, second = task(draft, "查违规安装"), task(draft, "查充装管理")
    actions.confirm_item(second, version=1, by=office)
    with pytest.raises(actions.StaleItem):
        actions.merge_items(first, second, versions=(1, 1), by=office)
    first.refresh_from_db()
    assert (first.version, first.data["lead"]) == (1, ["市住房和城乡建设局"])


def test_merged_phases_take_their_tasks_along(draft, office):
    first, second = draft.items.filter(kind="phase")
    actions.merge_items(first, second, versions=(1, 1), by=office)
    first.refresh_from_db()
    assert (first.data["start"], first.data["end"]) == ("2026-08-01", "2027-06-30")
    assert task(draft, "巩固提升阶段").data["phase"] == first.pk


def test_a_task_splits_at_a_sentence_and_both_parts_point_at_their_own_words(draft, office):
    item = task(draft, "查充装管理")
    first, second = actions.split_item(item, 1, version=1, by=office)
    assert draft.text[slice(*first.whole)] == "2.查充装管理。"
    assert draft.text[slice(*second.whole)].startswith("对充装超期未检气瓶的")
    assert second.data["lead"] == ["市市场监管局"]
    assert second.data["territorial"] == ["乡镇人民政府", "街道办事处"]
    assert (len(first.data["check_items"]), len(second.data["check_items"])) == (0, 1)
    assert [row.pk for row in draft.items.filter(kind="task")][-3:-1] == [first.pk, second.pk]


def test_confirming_the_confident_leaves_open_units_to_a_person(draft, office):
    sure = PlanItem.objects.filter(document=draft, state="proposed", confidence__gte=0.9).count()
    assert actions.confirm_confident(draft, by=office) == sure - 1
    assert task(draft, "查充装管理").state == "proposed"
    actions.match_unit(unit(draft, "市燃气协会"), by=office, group="ignored")
    assert actions.confirm_confident(draft, by=office) == 1


def test_the_checklist_names_what_is_missing(draft, office):
    texts = [line.text for line in missing(draft) if line.is_blocking]
    assert texts == ["10 项还没有人核对", "1 个单位还没有认定"]
    first = draft.items.filter(kind="phase").first()
    actions.edit_item(first, first.data | {"start": None, "end": None}, version=1, by=office)
    remarks = [line.text for line in missing(draft) if not line.is_blocking]
    assert "1 个阶段没有日期" in remarks
    assert "1 项任务没有承办单位，发布后由安委办承办" in remarks


def test_an_empty_plan_cannot_be_published(draft, office):
    for item in draft.items.filter(kind="task"):
        actions.remove_item(item, version=1, by=office)
    assert "方案里没有任何任务" in [line.text for line in blocking(draft)]


def test_others_may_not_touch_a_draft(draft, world):
    item = task(draft, "摸清底数")
    for person in (world.people.county_office, world.people.office_leader, world.people.housing):
        with pytest.raises(PermissionDenied):
            actions.confirm_item(item, version=1, by=person)
        with pytest.raises(PermissionDenied):
            actions.match_unit(unit(draft, "市燃气协会"), by=person, group="ignored")


def test_a_name_means_one_unit_or_one_group_and_only_within_reach(draft, office, world):
    name = unit(draft, "市燃气协会")
    with pytest.raises(Refused):
        actions.match_unit(name, by=office)
    with pytest.raises(Refused):
        actions.match_unit(name, by=office, organization=world.organizations.market, group="ignored")
    with pytest.raises(Refused):
        actions.match_unit(name, by=office, group="everybody")
