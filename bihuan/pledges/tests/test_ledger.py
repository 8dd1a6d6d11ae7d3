"""A promise and the ledger: every line is a hazard of its own, and one look on the spot settles both."""

from __future__ import annotations

import pytest

from bihuan.accounts.tests.world import World
from bihuan.attachments import likeness
from bihuan.attachments.actions import attach
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.remarks import remarks_on
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.inspections.tests.factories import ink, photo
from bihuan.inspections.tests.test_signals import scene, upload
from bihuan.pledges import actions
from bihuan.pledges.models import Pledge, PledgeLine

from .factories import corrected, fire_form, make_draft, make_signed, persons


@pytest.fixture(autouse=True)
def _fresh_index():
    likeness.forget()
    yield
    likeness.forget()


def signed_from_the_ledger(world: World) -> Pledge:
    """A promise whose lines are those the ledger proposed."""
    shop = world.people.shop
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=shop)
    lines = [
        {"table": line.table, "role": line.role, "pk": line.pk, "place": "后厨", "measures": line.measures}
        for line in pledge.lines.order_by("table", "position")
    ]
    actions.save_draft(pledge, values={"use_code": "10"}, persons=persons(), lines=lines, by=shop)
    actions.sign(pledge, image=ink(), seal=[photo(shop)], by=shop)
    return Pledge.objects.get(pk=pledge.pk)


def test_what_waits_for_another_body_is_settled_by_the_check_as_well(world):
    """Found in a self-check and handed in: the street would review it. The bureau that checks the promise has looked."""
    mine = make_submitted(world, description="应急灯不亮")
    other = make_submitted(world, description="灭火器过期")
    Hazard.objects.filter(pk__in=[mine.pk, other.pk]).update(source="self_check")
    assert mine.reviewing_organization == world.organizations.qingshi
    pledge = signed_from_the_ledger(world)
    lines = {line.hazard_id: line for line in pledge.lines.all()}
    actions.judge_line(lines[mine.pk], "true", note="已更换", by=world.people.housing)
    actions.judge_line(lines[other.pk], "not_done", note="仍是过期的", by=world.people.housing)
    for each in (mine, other):
        each.refresh_from_db()
    assert (mine.status, other.status) == ("closed", "rectifying")
    assert mine.reinspections.get().text == f"承诺书 {pledge.number} 逐项核查属实：已更换"
    assert "仍是过期的" in other.reinspections.get().text
    reviews = Duty.objects.open().filter(kind="hazard_review")
    assert not reviews.exists()


def test_an_uncorrected_line_found_true_runs_on(world):
    pledge = make_signed(world)
    line = pledge.lines.get(role="uncorrected")
    actions.judge_line(line, "true", by=world.people.housing)
    line.refresh_from_db()
    assert line.hazard is not None
    assert line.hazard.status == "rectifying"
    assert Duty.objects.open().filter(kind="hazard_rectify").count() == 1


def test_the_photos_of_a_line_go_with_it_into_the_ledger(world, client):
    shop = world.people.shop
    pledge = make_draft(world, lines=[corrected()])
    after = photo(shop)
    attach(pledge.lines.get(), [after], "after", by=shop)
    actions.sign(pledge, image=ink(), seal=[photo(shop)], by=shop)
    client.force_login(world.people.housing)
    hazard = PledgeLine.objects.get().hazard
    assert hazard is not None
    assert after in client.get(hazard.get_absolute_url()).content.decode()


def test_the_hazard_says_which_promise_names_it(world, client):
    pledge = make_signed(world)
    line = pledge.lines.get(role="corrected")
    housing = world.people.housing
    actions.judge_line(line, "false", note="仍堆满", photos=[photo(housing)], by=housing)
    client.force_login(housing)
    page = client.get(line.hazard.get_absolute_url()).content.decode()
    assert f"{pledge.number} 第 1 项，已整改，弄虚作假，不适用自查自报不处罚" in page
    client.force_login(world.people.shop)
    home = client.get("/").content.decode()
    row = home.partition("现在要整改的")[2].partition("楼梯口堆放杂物")[2].partition("</tr>")[0]
    assert "谁复查" in row
    assert "自查自报" not in row


def test_the_verifier_sees_what_is_odd_about_the_photos(world, client):
    """The same picture already shows something else; the promise's own copy of it is not held against it."""
    shop, housing = world.people.shop, world.people.housing
    used = upload(shop, scene(21))
    elsewhere = make_hazard(world, description="另一处")
    attach(elsewhere, [used], "before", by=shop)
    pledge = make_draft(world)
    attach(pledge.lines.get(role="corrected"), [used], "after", by=shop)
    actions.sign(pledge, image=ink(), seal=[photo(shop)], by=shop)
    client.force_login(housing)
    page = client.get(f"/pledges/{pledge.pk}/").content.decode()
    assert page.count("照片重复使用") == 1
    assert str(elsewhere.number) in page
    client.force_login(shop)
    assert "照片重复使用" not in client.get(f"/pledges/{pledge.pk}/").content.decode()


def test_photos_of_a_promise_alone_are_not_odd(world):
    """Taken last week, used once: what was put right before it was told has older photos."""
    shop = world.people.shop
    pledge = make_draft(world)
    taken = upload(shop, scene(22), taken_at="2026-01-05T09:00:00+08:00")
    attach(pledge.lines.get(role="corrected"), [taken], "after", by=shop)
    actions.sign(pledge, image=ink(), seal=[photo(shop)], by=shop)
    line = pledge.lines.get(role="corrected")
    assert line.hazard is not None
    assert remarks_on(line.hazard, world.people.housing) == []
