"""A round of supervision becomes papers: one for each body, its problems split by level (R065)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bihuan.core.errors import Refused
from bihuan.instruments import actions
from bihuan.instruments.feedback import bodies_of, draft_feedback
from bihuan.instruments.models import Instrument
from bihuan.oversight.tests import factories as rounds

pytestmark = pytest.mark.django_db


def told(world):
    """A round on which a department and a street were found wanting."""
    finding = rounds.found(world, level="department", organization=world.organizations.market)
    visit = finding.visit
    rounds.actions.record_finding(
        visit, level="locality", code="排查整改", description="两条隐患到期没有复查",
        organization=world.organizations.qingshi, by=world.people.housing,
    )  # fmt: skip
    rounds.submit(world, rounds.visit_of(visit.round, world))
    return visit.round


def test_each_body_gets_one_paper_with_its_problems_by_level(world):
    row, office = told(world), world.people.office
    street, market = world.organizations.qingshi, world.organizations.market
    drafts = draft_feedback(row, {street.pk, market.pk}, by=office)
    by_body = {each.recipients.get().organization_id: each for each in drafts}
    assert set(by_body) == {street.pk, market.pk}
    assert [each.level for each in by_body[street.pk].points.all()] == ["department", "street"]
    assert "由市市场监管局整改" in by_body[street.pk].points.first().text
    assert [each.level for each in by_body[market.pk].points.all()] == ["department"]
    assert "网格员随身带检查表" in by_body[street.pk].situation
    assert all(each.kind == "feedback" for each in drafts)
    for each in drafts:
        actions.submit_instrument(each, by=office)


def test_nobody_is_told_twice_and_a_discarded_draft_may_be_written_again(world):
    row, office, street = told(world), world.people.office, world.organizations.qingshi
    (first,) = draft_feedback(row, {street.pk}, by=office)
    with pytest.raises(Refused, match="已经起草过"):
        draft_feedback(row, {street.pk}, by=office)
    actions.discard_draft(first, reason="重写", by=office)
    (second,) = draft_feedback(row, {street.pk}, by=office)
    paper = {each.told.organization.pk: each.paper for each in bodies_of(row, office)}[street.pk]
    assert paper == second


def test_only_those_found_wanting_by_only_those_who_ran_it(world):
    row = told(world)
    with pytest.raises(Refused, match="至少选择一个"):
        draft_feedback(row, set(), by=world.people.office)
    with pytest.raises(Refused, match="没有要反馈的问题"):
        draft_feedback(row, {world.organizations.baita.pk}, by=world.people.office)
    with pytest.raises(PermissionDenied):
        draft_feedback(row, {world.organizations.qingshi.pk}, by=world.people.housing)
    assert not Instrument.objects.exists()


def test_from_the_page_of_the_round_in_one_step(world, client):
    row, street = told(world), world.organizations.qingshi
    client.force_login(world.people.office)
    url = reverse("instruments:feedback", args=[row.pk])
    assert url in client.get(row.get_absolute_url()).content.decode()
    assert street.name in client.get(url).content.decode()
    empty = client.post(url)
    assert (empty.status_code, "请至少选择一个单位" in empty.content.decode()) == (422, True)
    client.post(url, {"body": [street.pk]})
    draft = Instrument.objects.get()
    assert draft.title.endswith(f"（{street.short_name}）")
    assert draft.get_absolute_url() in client.get(url).content.decode()
