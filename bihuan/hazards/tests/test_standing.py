"""`sees` says of one row in memory what `visible_to` says in SQL; an act may rely on the one instead of the other."""

from bihuan.accounts.models import User
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard
from bihuan.hazards.standing import sees
from bihuan.hazards.tests.factories import make_accepting, make_closed, make_hazard, make_submitted


def test_everybody_sees_in_memory_what_the_query_shows(world):
    make_hazard(world)
    make_submitted(world)
    make_closed(world)
    make_accepting(world)
    reported = make_hazard(world, source="tip")
    dismissed = make_hazard(world, source="tip", description="另一处")
    actions.dismiss(dismissed, reason="查无此事", by=world.people.qingshi_officer)
    make_hazard(world, enterprise=world.enterprises.station, by=world.people.office)
    by_expert = make_hazard(world)
    by_expert.experts.add(User.objects.get(username="expert"))

    pairs = seen = 0
    for user in User.objects.filter(is_service=False):
        shown = set(Hazard.objects.visible_to(user).values_list("pk", flat=True))
        for hazard in Hazard.objects.select_related("enterprise"):
            assert sees(user, hazard) == (hazard.pk in shown), (user.username, hazard)
            pairs, seen = pairs + 1, seen + (hazard.pk in shown)
    assert seen not in (0, pairs)
    assert not sees(User.objects.get(username="shop"), reported)
