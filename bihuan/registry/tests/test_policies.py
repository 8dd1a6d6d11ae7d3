"""Cut-offs an office sets for its area: who may, what is refused, where they hold, what they change."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import IllegalMove, Refused
from bihuan.jobs.models import Job
from bihuan.jobs.running import run_job
from bihuan.registry import grading, policies, regrading, rejudging, risks
from bihuan.registry.models import EnterpriseGrading, RiskAssessment, RiskPolicy
from bihuan.rules import assessments

pytestmark = pytest.mark.django_db

# Three bands instead of four: from 200 red, from 100 yellow, below blue; 200 itself is red.
LEC = {
    "inclusive_upper": False,
    "words": [{"above": "200", "word": "重大"}, {"above": "100", "word": "一般"}, {"above": "0", "word": "低"}],
    "colours": [
        {"above": "200", "colour": "red"}, {"above": "100", "colour": "yellow"}, {"above": "0", "colour": "blue"},
    ],
}  # fmt: skip
MATRIX = {
    "bands": [
        {"least": 15, "most": 25, "word": "重大", "colour": "red"},
        {"least": 1, "most": 14, "word": "低", "colour": "blue"},
    ]
}


@pytest.fixture
def shop(world):
    return world.enterprises.shop


@pytest.fixture
def today():
    return timezone.localdate()


def put(world, content=LEC, method="LEC", *, who="office", where="city", **changes):
    given = {
        "label": "云溪口径", "source": "云溪市双重预防实施细则", "doc_no": "云安委〔2026〕9号", "from_on": timezone.localdate(),
    }  # fmt: skip
    return policies.set_policy(
        method, getattr(world.regions, where), content, by=getattr(world.people, who), **given | changes
    )


def judged(
    world, shop, likelihood="3", exposure="6", consequence="15", name="灶台", danger="回火", **changes
):
    by = world.people.qingshi_officer
    point = shop.risk_points.filter(name=name).first() or risks.save_point(
        shop, {"name": name, "kind": "device"}, by=by
    )
    values = {"likelihood": likelihood, "exposure": exposure, "consequence": consequence}
    given = {"method": "LEC", "values": values, "policy": "", "direct": [], "on": timezone.localdate()}
    return risks.assess(point, danger=danger, by=by, **given | changes)


def test_what_an_office_sets_holds_in_its_area_and_names_its_document(world, shop):
    """3×6×15 = 270: orange by the shipped cut-offs (160 to 320), red by those of the city (from 200)."""
    assert judged(world, shop).colour == "orange"
    made = put(world)
    now = judged(world, shop)
    assert (now.colour, now.explanation["policy"]) == ("red", made.key)
    assert "口径：云溪口径，云溪市双重预防实施细则" in assessments.sentence(now.explanation)
    assert "待核对原文" not in assessments.sentence(now.explanation)


def test_the_nearest_area_goes_first_and_others_keep_theirs(world, shop, today):
    put(world)
    put(world, MATRIX, "LS")
    county = put(
        world, who="county_office", where="yunxi", label="区口径", content={**LEC, "inclusive_upper": True}
    )
    assert policies.in_force("LEC", shop.locality_id, today) == county
    assert policies.in_force("LEC", world.regions.heyan.code, today).label == "云溪口径"
    assert policies.in_force("LS", shop.locality_id, today).label == "云溪口径"
    assert policies.in_force("ABCD", shop.locality_id, today) is None


def test_where_cut_offs_are_set_nobody_picks_others(world, shop):
    assert (
        len(policies.choices("LEC", shop.locality_id, timezone.localdate())) == 2
    )  # default, and the stricter one
    put(world)
    (only,) = policies.choices("LEC", shop.locality_id, timezone.localdate())
    assert only == ("", "云溪口径（云溪市现行，云安委〔2026〕9号）")
    with pytest.raises(Refused, match="没有"):
        judged(world, shop, policy="lower")


@pytest.mark.parametrize(
    ("content", "method", "words"),
    [
        ({**LEC, "words": LEC["words"][:2]}, "LEC", "以0收尾"),
        (
            {**LEC, "colours": [{"above": "200", "colour": "blue"}, {"above": "0", "colour": "red"}]},
            "LEC",
            "颜色反而轻",
        ),
        ({"bands": MATRIX["bands"][:1]}, "LS", "R=1没有归入"),
        (
            {"bands": [*MATRIX["bands"], {"least": 1, "most": 3, "word": "低", "colour": "blue"}]},
            "LS",
            "同时归入几档",
        ),
        ({"bands": []}, "LS", "没有归入"),
    ],
)
def test_cut_offs_with_a_gap_or_a_contradiction_are_refused(world, content, method, words):
    with pytest.raises(Refused, match=words):
        put(world, content, method)
    assert not RiskPolicy.objects.exists()


def test_nothing_begins_in_the_past_or_without_a_document(world, today):
    with pytest.raises(Refused, match="不能早于今天"):
        put(world, from_on=today - dt.timedelta(days=1))
    with pytest.raises(Refused, match="文号"):
        put(world, doc_no=" ")


@pytest.mark.parametrize(
    "who", ["county_office", "office_leader", "housing", "qingshi_officer", "inspector", "shop"]
)
def test_only_the_office_of_the_area_sets_them(world, who):
    with pytest.raises(PermissionDenied):
        put(world, who=who)


def test_a_successor_ends_the_one_before_and_one_not_begun_gives_way_again(world, today):
    first = put(world, from_on=today)
    later = put(world, from_on=today + dt.timedelta(days=10), label="新口径")
    first.refresh_from_db()
    assert first.to_on == today + dt.timedelta(days=9)
    with pytest.raises(Refused, match="不能早于它"):
        put(world, from_on=today + dt.timedelta(days=5))
    policies.end_policy(later, by=world.people.office)
    first.refresh_from_db()
    assert (first.to_on, RiskPolicy.objects.count()) == (None, 1)
    policies.end_policy(first, by=world.people.office)
    first.refresh_from_db()
    assert first.to_on == today
    with pytest.raises(IllegalMove):
        policies.end_policy(first, by=world.people.office)


def test_what_it_would_change_is_counted_before_anybody_judges_anew(world, shop):
    judged(world, shop)  # 270 orange -> red
    judged(world, shop, "3", "6", "7", danger="软管老化")  # 126 yellow stays
    judged(world, shop, "6", "6", "3", danger="烫伤")  # 108 yellow stays
    judged(world, shop, "1", "1", "1", danger="绊倒", direct=["crowd"])  # red outright: left out
    made = put(world)
    found = [(each.before, each.after, each.count) for each in policies.impact(made)]
    assert found == [("orange", "red", 1), ("yellow", "yellow", 2)]
    assert policies.impact(made)[0].words == ("橙", "红")


def done(job):
    run_job.func(str(job.pk))
    job.refresh_from_db()
    return job


def test_judging_anew_keeps_the_old_and_carries_the_colour_up(world, shop):
    judged(world, shop)
    made = put(world)
    job = done(rejudging.start_rejudging(made, by=world.people.office))
    assert (job.state, job.message) == ("done", "重新评价 1 条，原评价留作历史")
    assert [(row.colour, row.is_current) for row in RiskAssessment.objects.order_by("id")] == [
        ("orange", False),
        ("red", True),
    ]
    shop.refresh_from_db()
    assert shop.risk == "red"
    assert not rejudging.waiting(made).exists()


def test_an_area_with_cut_offs_of_its_own_is_left_out(world, shop):
    judged(world, shop)
    put(world, who="county_office", where="yunxi", label="区口径")
    made = put(world)
    assert policies.impact(made) == []
    assert not rejudging.waiting(made).exists()


def test_grades_follow_the_weights_of_the_place(world, shop, today):
    """Not assessed weighs 15 as shipped: 85 points, B. Here it weighs 45: 55 points, and C begins at 50."""
    assert (grading.reckoned(shop, on=today).score, grading.reckoned(shop, on=today).grade) == (85, "B")
    put(world, grades(unassessed=-45, c="50"), "ABCD")
    found = grading.reckoned(shop, on=today)
    assert (found.score, found.grade, found.colour) == (55, "C", "orange")
    assert "云溪市双重预防实施细则" in found.sentence()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"c": "80"}, "依次降低"), ({"c": "75"}, "各不相同"), ({"unassessed": 3}, "只能扣分")],
)
def test_weights_that_turn_the_grades_round_are_refused(world, changes, words):
    with pytest.raises(Refused, match=words):
        put(world, grades(**changes), "ABCD")


def grades(unassessed=-15, c="60"):
    return {
        "start": 100,
        "risk": {"red": -25, "orange": -15, "yellow": -5, "blue": 0, "unassessed": unassessed},
        "installation": {"1": -20, "2": -15, "3": -10, "4": -5},
        "key_chemicals": -5, "key_processes": -5, "open_major": -15, "open_major_most": -45,
        "standardization": {"1": 15, "2": 5, "3": 2},
        "accidents": {"injury": -3, "fatal": -8, "larger": -10, "major": -60},
        "direct_d": [{"accident": "major", "least": 1, "text": "12个月内发生重大以上事故"}],
        "bands": [
            {"least": "90", "grade": "A", "colour": "blue"}, {"least": "75", "grade": "B", "colour": "yellow"},
            {"least": c, "grade": "C", "colour": "orange"}, {"least": "0", "grade": "D", "colour": "red"},
        ],
    }  # fmt: skip


# --- pages -----------------------------------------------------------------------------------------


def band_fields(*bands):
    fields = {"band-TOTAL_FORMS": "6", "band-INITIAL_FORMS": "0"}
    for number in range(6):
        least, word, colour = bands[number] if number < len(bands) else ("", "", "")
        fields |= {
            f"band-{number}-least": least,
            f"band-{number}-word": word,
            f"band-{number}-colour": colour,
        }
    return fields


def named(world, **changes):
    return {
        "label": "云溪口径", "region": world.regions.city.pk, "source": "云溪市双重预防实施细则", "doc_no": "云安委〔2026〕9号",
        "from_on": timezone.localdate().isoformat(),
    } | changes  # fmt: skip


def text(answer):
    return answer.content.decode()


def test_an_office_writes_its_cut_offs_down_on_a_page(client, world, shop):
    judged(world, shop)
    client.force_login(world.people.office)
    url = reverse("registry:new_policy", args=["LEC"])
    page = text(client.get(url))
    assert 'value="320"' in page
    assert "极其危险" in page
    gap = client.post(url, named(world) | band_fields(("200", "重大", "red")))
    assert gap.status_code == 422
    assert "以0收尾" in text(gap)
    half = client.post(url, named(world) | band_fields(("200", "重大", ""), ("0", "低", "blue")))
    assert "分界值、叫法、颜色须一起填写" in text(half)
    answer = client.post(
        url,
        named(world) | band_fields(("0", "低", "blue"), ("200", "重大", "red"), ("100", "一般", "yellow")),
    )
    made = RiskPolicy.objects.get()
    assert answer.url == made.get_absolute_url()
    assert made.content == LEC
    page = text(client.get(made.get_absolute_url()))
    assert "200≤D" in page
    assert "100≤D＜200" in page
    assert "有1条评价用的是别的口径" in page
    assert client.post(reverse("registry:rejudge", args=[made.pk])).status_code == 302
    assert "云溪口径" in text(client.get(reverse("registry:policies")))
    client.post(reverse("registry:end_policy", args=[made.pk]))
    assert RiskPolicy.objects.get().to_on == timezone.localdate()


def test_matrix_bands_reach_up_to_the_one_above(client, world):
    client.force_login(world.people.office)
    client.post(
        reverse("registry:new_policy", args=["LS"]),
        named(world) | band_fields(("15", "重大", "red"), ("1", "低", "blue")),
    )
    assert RiskPolicy.objects.get().content == MATRIX
    assert "R=1至14" in text(client.get(reverse("registry:policy", args=[RiskPolicy.objects.get().pk])))


def test_weights_are_written_as_points_taken_off(client, world, shop):
    client.force_login(world.people.office)
    url = reverse("registry:new_policy", args=["ABCD"])
    page = text(client.get(url))
    assert "风险尚未评价扣分" in page
    form = {
        "risk_red": 25, "risk_orange": 15, "risk_yellow": 5, "risk_blue": 0, "risk_unassessed": 45, "installation_1": 20,
        "installation_2": 15, "installation_3": 10, "installation_4": 5, "accidents_injury": 3, "accidents_fatal": 8,
        "accidents_larger": 10, "accidents_major": 60, "key_chemicals": 5, "key_processes": 5, "open_major": 15,
        "open_major_most": 45, "standardization_1": 15, "standardization_2": 5, "standardization_3": 2, "least_A": 90,
        "least_B": 75, "least_C": 50, "direct_injury": 0, "direct_fatal": 0, "direct_larger": 0, "direct_major": 1,
    }  # fmt: skip
    assert client.post(url, named(world) | form).status_code == 302
    assert RiskPolicy.objects.get().content == grades(unassessed=-45, c="50")
    assert "风险尚未评价扣45分" in text(client.get(RiskPolicy.objects.get().get_absolute_url()))


def test_people_elsewhere_do_not_meet_an_areas_cut_offs(client, world):
    made = put(world, who="county_office", where="yunxi")
    client.force_login(world.people.qingshi_officer)
    page = client.get(made.get_absolute_url())
    assert page.status_code == 200
    assert reverse("registry:end_policy", args=[made.pk]) not in text(page)
    assert client.post(reverse("registry:end_policy", args=[made.pk])).status_code == 403
    assert client.get(reverse("registry:new_policy", args=["XX"])).status_code == 403


# --- all grades at once ----------------------------------------------------------------------------


def test_grades_of_all_kept_enterprises_are_reckoned_and_counted_by_kind(client, world, shop):
    judged(world, shop)
    grading.override_grade(world.enterprises.station, "D", reason="专家组诊断", by=world.people.office)
    client.force_login(world.people.office)
    url = reverse("registry:grades")
    assert client.post(url).status_code == 302
    job = done(Job.objects.get(kind="registry.regrade"))
    assert job.message == "计算 1 家，1 家的分级或得分有变化"
    again = done(regrading.start_regrading(by=world.people.office))
    assert again.message == "计算 1 家，0 家的分级或得分有变化"
    current = EnterpriseGrading.objects.filter(is_current=True)
    assert dict(current.values_list("enterprise__name", "grade")) == {
        shop.name: "B",
        "云溪平安液化气充装有限公司": "D",
    }
    page = text(client.get(url))
    assert "kind=restaurant&amp;grade=B" in page
    assert "kind=lpg_filling&amp;grade=D" in page
    client.force_login(world.people.inspector)
    assert client.post(url).status_code == 403
