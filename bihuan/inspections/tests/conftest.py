import pytest

from bihuan.accounts.tests.world import World

from .factories import GasCampaign, make_campaign


@pytest.fixture
def gas(world: World) -> GasCampaign:
    """A running gas campaign with a checklist of four items; the fourth is major if failed."""
    return make_campaign(world)
