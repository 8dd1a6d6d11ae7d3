"""A draft and a campaign, ready-made."""

import pytest

from bihuan.accounts.tests.world import World
from bihuan.campaigns.models import Campaign, PlanDocument

from .plans import make_campaign, make_draft


@pytest.fixture
def draft(world: World) -> PlanDocument:
    return make_draft(world)


@pytest.fixture
def campaign(world: World) -> Campaign:
    return make_campaign(world)
