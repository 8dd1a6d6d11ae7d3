"""Names of a plan that settle by the grammar of agency names (R270)."""

import datetime as dt

import pytest

from bihuan.campaigns.units import Bodies

TODAY = dt.date(2026, 8, 20)


@pytest.fixture
def bodies(world):
    return Bodies("5397", on=TODAY)


@pytest.mark.parametrize("printed", ["市住建局", "市住房城乡建设局", "云溪市住房和城乡建设局", "市建设局"])
def test_one_body_answers_to_every_short_form(bodies, world, printed):
    assert bodies.settled(printed) == world.organizations.housing


def test_names_nobody_bears_settle_on_nobody(bodies):
    assert bodies.settled("市体育馆") is None
    assert bodies.settled("省住房城乡建设厅") is None


def test_a_line_of_work_alone_is_only_suggested(bodies, world):
    assert bodies.settled("住建") is None
    assert bodies.similar_to("住建") == world.organizations.housing


def test_the_names_cost_three_queries_however_often_asked(bodies, django_assert_num_queries):
    with django_assert_num_queries(3):
        for printed in ("市住建局", "市应急局", "市财政局"):
            bodies.settled(printed)
