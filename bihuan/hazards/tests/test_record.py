"""The record of a hazard proves itself, and its files follow who may see it."""

import datetime as dt

import pytest
from django.utils import timezone

from bihuan.attachments.models import Attachment
from bihuan.audit.verification import verify
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard, HazardTransition, Rectification, Reinspection
from bihuan.hazards.tests.factories import make_accepting, make_closed, make_hazard, make_submitted
from bihuan.hazards.tests.test_views import photo

DAY = dt.timedelta(days=1)


def test_every_path_leaves_a_record_that_verifies(world):
    people = world.people
    closed = make_closed(world)
    actions.reopen(closed, reason="反弹", by=people.qingshi_leader)
    asked = actions.request_extension(
        closed, requested_due_on=closed.due_on + DAY, reason="等货", interim_measures="停用", by=people.shop
    )
    actions.decide_extension(asked, approved=True, by=people.qingshi_leader)
    closed.refresh_from_db()
    actions.request_extension(
        closed, requested_due_on=closed.due_on + DAY, reason="再等", interim_measures="停用", by=people.shop
    )
    actions.submit_rectification(closed, text="到货已装", by=people.shop)
    major = make_accepting(world, funds="80000.005")
    actions.record_acceptance(major, team="三人", passed=True, opinion="", by=people.housing_leader)
    actions.record_evaluation(
        major, evaluator="中心", measures_done=True, risk_before="red", risk_after="blue", funds_in_place=True,
        staff_informed=True, conclusion="已消除", passed=True, by=people.housing_leader,
    )  # fmt: skip
    assert [finding.message for finding in verify().findings] == []


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Hazard, {"description": "气瓶间与厨房联通"}),
        (Hazard, {"due_on": dt.date(2030, 1, 1)}),
        (HazardTransition, {"reason": "改了一个字"}),
        (Rectification, {"text": "已砌墙隔开。"}),
        (Reinspection, {"text": "现场已隔离"}),
    ],
)
def test_one_changed_byte_names_the_row(world, model, fields):
    make_closed(world)
    row = model.objects.order_by("-pk").first()
    model.objects.filter(pk=row.pk).update(**fields)
    assert [finding.subject for finding in verify().findings] == [f"{model._meta.label_lower}:{row.pk}"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("shop", 200), ("qingshi_officer", 200), ("housing", 200), ("outsider", 404), ("station", 404)],
)
def test_photos_are_served_to_those_who_see_the_hazard(world, client, who, status):
    people = world.people
    client.force_login(people.inspector)
    before = client.post("/files/upload/", {"file": photo("before.jpg")}).json()
    hazard = make_hazard(world, photos=[before["id"]])
    client.force_login(people.shop)
    after = client.post("/files/upload/", {"file": photo("after.jpg", "blue")}).json()
    actions.submit_rectification(hazard, text="已改", photos=[after["id"]], by=people.shop)
    client.force_login(getattr(people, who))
    for each in (before, after):
        response = client.get(each["url"])
        assert response.status_code == status
        if status == 200:
            b"".join(response.streaming_content)
    assert Attachment.objects.count() == 2


def test_the_last_rounds_photos_stay_with_their_round(world, client):
    people = world.people
    hazard = make_submitted(world)
    actions.reinspect(hazard, passed=True, by=people.qingshi_officer)
    actions.reopen(hazard, reason="反弹", by=people.qingshi_leader)
    client.force_login(people.office)
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert (
        page.index("第 2 轮") < page.index("改后反弹重开") < page.index("第 1 轮") < page.index("已砌墙隔开")
    )
    assert timezone.localdate().isoformat() in page
