import pytest

from bihuan.accounts.tests.world import World
from bihuan.inspections.tests.factories import GasCampaign, make_campaign


@pytest.fixture
def gas(world: World) -> GasCampaign:
    """A running gas campaign for visits that a plan foresees."""
    return make_campaign(world)
