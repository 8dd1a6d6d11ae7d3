"""A campaign, ready-made."""

import pytest

from bihuan.accounts.tests.world import World
from bihuan.campaigns.models import Campaign
from bihuan.campaigns.tests.plans import make_campaign


@pytest.fixture
def campaign(world: World) -> Campaign:
    return make_campaign(world)
