"""The situation in words: what is said is in the figures, the features that stand out most are told, chance is not."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from bihuan.accidents import actions, situation
from bihuan.accidents.models import PublishedFigure
from bihuan.accidents.queries import Compared, Statistics, Sum4
from bihuan.core.errors import Refused
from bihuan.rules import accidents as rules
from bihuan.rules.accidents import Toll

from .factories import ago, reported

START, END = dt.date(2026, 1, 1), dt.date(2026, 9, 30)
NONE = Sum4()


def statistics(groups, *, larger=(0, 0), last_year=NONE, regions=(), months=()):
    """Figures from {group: (accidents now, deaths now, accidents before, deaths before)}."""
    rows = [
        Compared(key, name, Sum4(*groups.get(key, (0,) * 4)[:2]), Sum4(*groups.get(key, (0,) * 4)[2:]))
        for key, name in rules.groups().items()
    ]
    now = Sum4(
        sum(row.now.accidents for row in rows),
        sum(row.now.deaths for row in rows),
        4,
        Decimal("120.5"),
        *larger,
    )
    before = Sum4(sum(row.before.accidents for row in rows), sum(row.before.deaths for row in rows))
    whole = Compared("", "各类事故", now, before)
    places = [Compared(code, name, Sum4(count, 0), Sum4()) for code, name, count in regions]
    return Statistics(
        START, END, (dt.date(2025, 1, 1), dt.date(2025, 9, 30)), whole, whole, rows, [], [], places, [],
        list(months), last_year,
    )  # fmt: skip


def told(found, **more):
    return situation.situation(found, area="全市", larger=(), **more)


def test_what_the_report_of_the_example_city_would_say():
    found = statistics(
        {"road": (70, 30, 80, 40), "fire": (20, 5, 25, 4), "industrial": (10, 8, 6, 6)},
        larger=(2, 9), last_year=Sum4(1, 4),
        regions=[("539702", "临江区", 60), ("539703", "白塔区", 30), ("539721", "河沿县", 10)],
    )  # fmt: skip
    published = situation.Published("全省", "省安委办第三季度通报", {"": (1000, 430), "road": (700, 300)})
    control = situation.Control("生产安全事故死亡人数", 55, rules.progress(43, 55, 9))
    said = told(found, controls=[control], published=published)
    overall = "".join(each.text for each in said.overall)
    assert said.title == "2026年1至9月全市安全生产形势分析"
    assert "共发生各类事故100起，死亡43人，重伤4人，直接经济损失120.5万元" in overall
    assert "起数下降9.9%" in overall
    assert "占全年控制数55的78.2%" in overall
    assert "起数占全省同期（1000起）的10%，死亡人数占全省同期（430人）的10%" in overall
    assert "道路交通事故70起，死亡30人，占全省同类的10%" in said.sector_words
    assert "比2025年全年多1起，死亡人数多5人" in said.larger_words[1].text
    assert [each.text[:2] for each in said.features] == ["一是", "二是", "三是"]
    # Larger accidents came, one sector has most of them, totals fell both: these three stand out.
    assert "较大及以上事故2起、死亡9人" in said.features[0].text
    assert any("“双下降”" in each.text for each in said.features)
    assert any("事故集中在道路交通，70起，占总数的70%" in each.text for each in said.features)


def test_few_accidents_have_no_features():
    said = told(statistics({"road": (2, 1, 4, 1)}))
    assert said.features == []
    assert "不足 5 起" in said.why_none


counts = st.integers(0, 400)


@given(
    st.dictionaries(st.sampled_from(sorted(rules.groups())), st.tuples(counts, counts, counts, counts)),
    counts,
)
def test_at_most_three_features_one_a_topic_and_no_figure_that_is_not_given(groups, larger):
    found = statistics(groups, larger=(min(larger, 3), larger))
    chosen = situation.features(found)
    assert len(chosen) <= 3
    assert len({each.topic for each in chosen}) == len(chosen)
    assert [each.weight for each in chosen] == sorted((each.weight for each in chosen), reverse=True)
    before = found.whole.before.accidents
    if before and found.whole.now.accidents > before and found.whole.now.deaths > found.whole.before.deaths:
        assert not any("双下降" in each.told.text for each in chosen)
    for each in chosen:
        assert each.told.text.endswith("。")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (START, END, "2026年1至9月"),
        (START, dt.date(2026, 12, 31), "2026年"),
        (dt.date(2026, 9, 1), END, "2026年9月"),
        (dt.date(2026, 2, 3), dt.date(2026, 3, 31), "2026年2月3日至2026年3月31日"),
    ],
)
def test_periods_in_words(start, end, words):
    assert situation.period_words(start, end) == words


@pytest.fixture
def accidents(world):
    """Six of this year: five on the road, one in a shop with three dead."""
    for number in range(5):
        reported(world, title=f"路口事故{number}", occurred_at=ago(days=2, hours=number), kind="road", enterprise=None,
                 unit_name="过境货车", toll=Toll(1), by=world.people.county_office)  # fmt: skip
    return reported(world, toll=Toll(3, 1), title="面馆燃爆")


def test_every_sentence_opens_the_accidents_it_speaks_of(client, world, accidents):
    client.force_login(world.people.office)
    page = client.get(reverse("accidents:situation"))
    text = page.content.decode()
    for words in ("各类事故6起，死亡8人", "面馆燃爆", "主要特点", "一是", "比"):
        assert words in text
    larger = page.context["larger_words"][0]
    assert "较大及以上事故1起，死亡3人" in larger[0]
    listed = client.get(larger[1]).content.decode()
    assert "面馆燃爆" in listed
    assert "路口事故" not in listed
    for _, url in [*page.context["overall"], *page.context["features"]]:
        assert client.get(url).status_code == 200


def test_share_of_the_province_needs_what_the_province_published(client, world, accidents):
    today = timezone.localdate()
    first = dt.date(today.year, 1, 1)
    city = world.regions.city
    client.force_login(world.people.office)
    assert "占上级" not in client.get(reverse("accidents:situation")).content.decode()
    sent = {
        "what": "published", "published-region": city.pk, "published-above": "province", "published-first": first, "published-last": today,
        "published-group": "", "published-accidents": "60", "published-deaths": "80", "published-document": "省安委办快报",
    }  # fmt: skip
    assert client.post(reverse("accidents:controls"), sent).status_code == 302
    client.post(
        reverse("accidents:controls"), sent | {"published-group": "road", "published-accidents": "20"}
    )
    page = client.get(reverse("accidents:situation")).content.decode()
    assert "（60起）的10%" in page
    assert "省安委办快报" in page
    assert "25%" in page  # five of the province's twenty on the road
    assert (
        client.post(reverse("accidents:controls"), sent | {"published-last": "2020-01-01"}).status_code == 422
    )


def test_only_the_office_of_the_area_enters_what_a_higher_level_published(world):
    city = world.regions.city
    days = ("province", dt.date(2026, 1, 1), dt.date(2026, 9, 30), "")
    given = {"accidents": 1, "deaths": 1, "document": "通报"}
    for _ in range(2):  # entered again it is put right, not doubled
        actions.set_published(city, *days, by=world.people.office, **given)
    for person in (world.people.county_office, world.people.qingshi_officer, world.people.shop):
        with pytest.raises(PermissionDenied):
            actions.set_published(city, *days, by=person, **given)
    with pytest.raises(Refused, match="来源"):
        actions.set_published(city, *days, by=world.people.office, **(given | {"document": " "}))
    with pytest.raises(Refused, match="哪一级"):
        actions.set_published(city, "", *days[1:], by=world.people.office, **given)
    assert PublishedFigure.objects.count() == 1


def test_the_document_says_what_the_page_says(client, world, accidents):
    client.force_login(world.people.office)
    answer = client.get(reverse("accidents:situation_docx"))
    words = "\n".join(each.text for each in Document(BytesIO(answer.content)).paragraphs)
    for expected in ("总体情况", "分行业情况", "较大及以上事故", "主要特点", "各类事故6起，死亡8人", "一是"):
        assert expected in words


def test_nonsense_in_the_address_is_said(client, world):
    client.force_login(world.people.office)
    address = reverse("accidents:situation")
    assert client.get(f"{address}?from=0001-01-01").status_code == 422
    for query in ("from=x&to=y", "region=99999999", "from=2026-09-01&to=2026-01-01"):
        assert client.get(f"{address}?{query}").status_code == 200
