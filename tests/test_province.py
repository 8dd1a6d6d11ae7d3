"""Who answers for a province sees every record under it, on every kind of list, and never only what is their own."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from bihuan.accounts.models import Holding, Organization, Post, Region, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import START, World
from tests.matrix.stage import Stage, make_stage

pytestmark = pytest.mark.slow

# A bulletin is the writing office's own until it is issued: those above and below read what was issued, as on paper.
OWN_UNTIL_ISSUED = {
    "Bulletin": {"status__in": ["draft", "checked", "dropped"]},
    # What a body has not signed yet, or gave up before it did, is nobody else's.
    "Submission": {"status__in": ["draft", "signing", "discarded"]},
}
# Not even for those above: households in need (their locality and the lead department), matters of conduct (whoever
# looks into conduct; an officer of an office does not).
KEPT_TO_FEW = {"CareHousehold", "ConductMatter"}


@pytest.fixture
def stage(db: None) -> Stage:
    return make_stage()


def provincial(world: World) -> User:
    province = Region.objects.get(pk="53") if Region.objects.filter(pk="53").exists() else None
    if province is None:
        province = Region.objects.create(
            code="53", name="南屏省", short_name="南屏", kind=Region.Kind.PROVINCE
        )
        Region.objects.filter(pk=world.city.pk).update(parent=province)
    office = Organization.objects.create(
        name="南屏省安全生产委员会办公室", short_name="省安委办", kind=Organization.Kind.OFFICE, region=province,
        valid_from=START,
    )  # fmt: skip
    post = Post.objects.create(organization=office, title="省安委办", role=Role.OFFICE_OFFICER)
    user = User.objects.create_user("province", None, full_name="省里的人")
    Holding.objects.create(user=user, post=post, from_on=START)
    return user


def placed_models() -> list[type[models.Model]]:
    """Every model that lies somewhere and is seen by area."""
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith("bihuan.")
        and hasattr(model, "objects")
        and hasattr(model.objects, "visible_to")
        and {"city", "county"} <= {field.name for field in model._meta.get_fields()}
    ]


def to_be_seen(model: type[models.Model]) -> int:
    """How many rows of a model the province has to see: all of them but what is somebody's own until issued."""
    if model.__name__ in KEPT_TO_FEW:
        return 0
    rows = model.objects.all()  # type: ignore[attr-defined]
    own = OWN_UNTIL_ISSUED.get(model.__name__)
    return int(rows.exclude(**own).count() if own else rows.count())


def test_the_province_sees_all_of_it(stage: Stage) -> None:
    user = provincial(stage.world)
    hidden = {
        model.__name__: (seen, expected)
        for model in placed_models()
        if (seen := model.objects.visible_to(user).distinct().count()) != (expected := to_be_seen(model))  # type: ignore[attr-defined]
    }
    assert not hidden
    assert len(placed_models()) > 8
    # Of what is kept back by design the stage holds both: something to keep back and something to show.
    for model in placed_models():
        if model.__name__ in OWN_UNTIL_ISSUED:
            assert 0 < to_be_seen(model) < model.objects.count()  # type: ignore[attr-defined]
        if model.__name__ in KEPT_TO_FEW:
            assert model.objects.exists()  # type: ignore[attr-defined]
