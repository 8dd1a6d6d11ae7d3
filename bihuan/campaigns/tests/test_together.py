"""Two people at one draft: real threads, on whichever database the suite runs; and what their pages tell each other."""

import pytest
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import make_world
from bihuan.campaigns import actions
from bihuan.campaigns.models import PlanDocument, PlanFinding, PlanItem, PlanPresence, PlanUnit
from bihuan.core.tests.together import at_once

from .plans import make_colleague, make_draft, task

PEOPLE = 6
HTMX = {"HX-Request": "true"}


@pytest.mark.django_db(transaction=True)
def test_of_six_edits_at_one_version_one_is_saved_and_five_see_it():
    world = make_world()
    draft = make_draft(world)
    views = [task(draft, "查充装管理") for _ in range(PEOPLE)]
    people = [User.objects.get(username="office") for _ in range(PEOPLE)]

    def edit(number):
        data = views[number].data | {"heading": f"第 {number} 人的标题"}
        return actions.edit_item(views[number], data, version=1, by=people[number])

    results = at_once(edit, PEOPLE)
    saved = [item for item, error in results if error is None]
    assert len(saved) == 1
    refusals = [error for _, error in results if error is not None]
    assert {type(error) for error in refusals} == {actions.StaleItem}
    assert {error.current.data["heading"] for error in refusals} == {saved[0].data["heading"]}
    assert PlanItem.objects.get(pk=views[0].pk).version == 2


@pytest.mark.django_db(transaction=True)
def test_edits_of_different_elements_at_once_are_all_saved_under_revisions_of_their_own():
    world = make_world()
    draft = make_draft(world)
    before = draft.revision
    items = list(draft.items.filter(state="proposed")[:PEOPLE])
    people = [User.objects.get(username="office") for _ in range(PEOPLE)]
    results = at_once(
        lambda number: actions.confirm_item(items[number], version=1, by=people[number]), PEOPLE
    )
    assert [error for _, error in results if error] == []
    touched = list(draft.items.filter(state="confirmed", version=2).values_list("touched", flat=True))
    assert len(touched) == len(set(touched)) == PEOPLE
    draft.refresh_from_db()
    assert draft.revision >= before + PEOPLE


@pytest.mark.django_db(transaction=True)
def test_a_unit_is_identified_once_and_findings_are_not_doubled_by_six_rechecks():
    world = make_world()
    draft = make_draft(world)
    units = [PlanUnit.objects.select_related("document").get(name="市燃气协会") for _ in range(PEOPLE)]
    people = [User.objects.get(username="office") for _ in range(PEOPLE)]
    results = at_once(
        lambda number: actions.match_unit(units[number], by=people[number], group="ignored", version=1),
        PEOPLE,
    )
    assert sum(error is None for _, error in results) == 1
    PlanFinding.objects.filter(document=draft).delete()
    documents = [PlanDocument.objects.get(pk=draft.pk) for _ in range(PEOPLE)]
    results = at_once(lambda number: actions.recheck(documents[number]), PEOPLE)
    assert [error for _, error in results if error] == []
    keys = list(PlanFinding.objects.filter(document=draft).values_list("key", flat=True))
    assert len(keys) == len(set(keys))


# --- what one page tells the other ---


@pytest.fixture
def colleague(world):
    return make_colleague(world)


def beat(client, draft, **data):
    return client.post(reverse("campaigns:pulse", args=[draft.pk]), {"present": "", **data}, headers=HTMX)


@pytest.mark.django_db
def test_the_pulse_is_silent_when_nothing_happened(client, draft, people, django_assert_max_num_queries):
    client.force_login(people.office)
    draft.refresh_from_db()
    beat(client, draft, since=draft.revision)
    with django_assert_max_num_queries(12):
        assert beat(client, draft, since=draft.revision).status_code == 204


@pytest.mark.django_db
def test_what_the_other_did_arrives_with_the_next_beat(client, draft, people, colleague):
    client.force_login(people.office)
    draft.refresh_from_db()
    since = draft.revision
    item = task(draft, "摸清底数")
    actions.confirm_item(item, version=1, by=colleague)
    page = beat(client, draft, since=since)
    assert f'id="item-{item.pk}" hx-swap-oob="true"' in page.text
    assert page.text.count("<article") == 1
    assert "已确认" in page.text
    assert f'id="since" value="{since + 1}"' in page.text
    assert "bihuan:toast" in page["HX-Trigger"]


@pytest.mark.django_db
def test_nothing_is_pushed_under_an_open_form(client, draft, people, colleague):
    client.force_login(people.office)
    draft.refresh_from_db()
    since = draft.revision
    item, other = task(draft, "摸清底数"), task(draft, "查充装管理")
    actions.confirm_item(item, version=1, by=colleague)
    actions.split_item(other, 1, version=1, by=colleague)
    page = beat(client, draft, since=since, editing=item.pk)
    assert f'id="item-{item.pk}"' not in page.text
    assert "innerHTML:#structure" not in page.text
    # It asks again from where it stands; when the form is closed the list comes whole.
    assert f'id="since" value="{since}"' in page.text
    assert "innerHTML:#structure" in beat(client, draft, since=since).text


@pytest.mark.django_db
def test_each_sees_where_the_other_is(client, draft, people, colleague):
    item = task(draft, "查充装管理")
    draft.refresh_from_db()
    client.force_login(colleague)
    beat(client, draft, since=draft.revision, item=item.pk)
    client.force_login(people.office)
    page = beat(client, draft, since=draft.revision, item="")
    assert "李同行 正在核对“三/（一）/2 查充装管理”" in page.text
    assert (
        beat(
            client, draft, since=draft.revision, present="李同行 正在核对“三/（一）/2 查充装管理”"
        ).status_code
        == 204
    )
    assert PlanPresence.objects.count() == 2


@pytest.mark.django_db
def test_nonsense_in_a_beat_is_no_crash(client, draft, people):
    client.force_login(people.office)
    for value in ("", "x", "-1", "9" * 40, "½"):
        assert beat(client, draft, since=value, item=value, editing=value).status_code in (200, 204)
