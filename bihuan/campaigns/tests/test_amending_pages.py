"""The pages of a revision: who sees it, what is offered, and that every act leads back to the page."""

import pytest
from django.urls import reverse

from bihuan.accounts.tests.world import sign_in
from bihuan.campaigns import actions
from bihuan.campaigns.models import Amendment

from .test_amending import REVISED, change, revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def amendment(campaign, world):
    return revise(campaign, world.people.office)


@pytest.fixture
def office(client, world):
    return sign_in(client, world.people.office)


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def test_the_office_brings_in_a_revision_and_applies_it(office, campaign, tmp_path):
    file = tmp_path / "修订.txt"
    file.write_text(REVISED, "utf-8")
    assert "导入修订方案" in office.get(url("versions", campaign.pk)).content.decode()
    with file.open("rb") as handle:
        answer = office.post(url("import_amendment", campaign.pk), {"file": handle}, follow=True)
    page = answer.content.decode()
    amendment = Amendment.objects.get()
    assert answer.request["PATH_INFO"] == amendment.get_absolute_url()
    assert "<del>8</del><ins>9</ins>" in page
    assert "项任务有改动" in page
    office.post(url("decision", amendment.pk, change(amendment, "查违规安装").pk, "declined"))
    office.post(url("decisions", amendment.pk))
    answer = office.post(url("application", amendment.pk), {"reason": "会议要求"}, follow=True)
    page = answer.content.decode()
    assert "第 2 版" in page
    assert "赵安和" in page
    assert "1 处没有采用" in page


def test_an_unreadable_revision_is_refused_with_words(office, campaign):
    answer = office.post(url("import_amendment", campaign.pk), {})
    assert answer.status_code == 422
    assert "请选择修订后的方案文件" in answer.content.decode()


def test_others_see_a_revision_only_when_it_is_in_force(client, amendment, campaign, world):
    page = url("amendment", amendment.pk)
    market = sign_in(client, world.people.market)
    assert market.get(page).status_code == 404
    assert "修订稿" not in market.get(url("versions", campaign.pk)).content.decode()
    assert market.post(url("decisions", amendment.pk)).status_code == 403
    actions.decide_rest(amendment, by=world.people.office)
    actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    answer = market.get(page)
    assert answer.status_code == 200
    assert "应用修订" not in answer.content.decode()


def test_pairs_are_put_right_on_the_page(office, amendment, campaign):
    old, new = change(amendment, "查违规安装"), change(amendment, "查配送服务")
    answer = office.post(
        url("pairing", amendment.pk), {"task": old.task_id, "item": new.item_id}, follow=True
    )
    assert "人工对应" in answer.content.decode()
    answer = office.post(url("separation", amendment.pk, change(amendment, "查配送服务").pk), follow=True)
    assert "已拆开" in answer.content.decode()
    assert (
        "请各选一项" in office.post(url("pairing", amendment.pk), {"task": "x"}, follow=True).content.decode()
    )


@pytest.mark.parametrize("shown", ["", "pending", "changed", "added", "removed", "unchanged", "x"])
def test_every_filter_shows_a_page(office, amendment, shown):
    assert office.get(f"{amendment.get_absolute_url()}?show={shown}").status_code == 200


def test_a_revision_is_withdrawn_with_a_reason(office, amendment, campaign):
    answer = office.post(url("withdrawal", amendment.pk), {"reason": ""}, follow=True)
    assert "须填写理由" in answer.content.decode()
    answer = office.post(url("withdrawal", amendment.pk), {"reason": "传错"}, follow=True)
    assert "撤回的修订稿 1 份" in answer.content.decode()


def test_the_comparison_takes_the_same_queries_however_long(office, amendment, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        office.get(amendment.get_absolute_url())
