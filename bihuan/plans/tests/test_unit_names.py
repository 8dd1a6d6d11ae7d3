"""Which unit a printed name means: exact, learned, by the grammar of agency names, or a person's decision."""

from datetime import date

import pytest

from bihuan.plans.unit_names import HOW, Alias, KnownUnit, UnitNames, take_apart


def unit(name, short="", place="云溪市", aliases=()):
    return KnownUnit(name, name, short, place, tuple(aliases))


CITY = [
    unit("云溪市应急管理局", "市应急局"),
    unit("云溪市住房和城乡建设局"),
    unit("云溪市市场监督管理局"),
    unit("云溪市消防救援支队"),
    unit("云溪市文化广电和旅游局"),
    unit("云溪市人民政府办公室"),
    unit("云溪市安全生产委员会办公室"),
    unit("云溪市发展和改革委员会"),
    unit("云溪市卫生健康委员会"),
    unit("云溪市自然资源和规划局"),
    unit("云溪市生态环境局"),
    unit("云溪市公安局交通警察支队", aliases=[Alias("市交警支队", learned=True)]),
    unit("东河县应急管理局", place="东河县"),
    unit("东河县消防救援大队", place="东河县"),
    unit("清水镇人民政府", place="清水镇"),
    unit("云溪市妇女联合会"),
    unit("云溪市数字经济促进局"),
]


@pytest.fixture(scope="module")
def names():
    return UnitNames(CITY, home="云溪市")


@pytest.mark.parametrize(
    ("printed", "expected", "how"),
    [
        ("云溪市应急管理局", "云溪市应急管理局", "exact"),
        ("市应急局", "云溪市应急管理局", "exact"),
        ("市应急管理局", "云溪市应急管理局", "grammar"),
        ("市住建局", "云溪市住房和城乡建设局", "grammar"),
        ("市住房城乡建设局", "云溪市住房和城乡建设局", "grammar"),
        ("云溪市住建局", "云溪市住房和城乡建设局", "grammar"),
        ("市市场监管局", "云溪市市场监督管理局", "grammar"),
        ("市市监局", "云溪市市场监督管理局", "grammar"),
        ("市场监管局", "云溪市市场监督管理局", "grammar"),
        ("市消防支队", "云溪市消防救援支队", "grammar"),
        ("县消防大队", "东河县消防救援大队", "grammar"),
        ("市文旅局", "云溪市文化广电和旅游局", "grammar"),
        ("市政府办公室", "云溪市人民政府办公室", "grammar"),
        ("市政府办", "云溪市人民政府办公室", "grammar"),
        ("市安委办", "云溪市安全生产委员会办公室", "grammar"),
        ("市发改委", "云溪市发展和改革委员会", "grammar"),
        ("市发展改革委", "云溪市发展和改革委员会", "grammar"),
        ("市卫健委", "云溪市卫生健康委员会", "grammar"),
        ("市自然资源局", "云溪市自然资源和规划局", "grammar"),
        ("市安监局", "云溪市应急管理局", "former"),
        ("市环保局", "云溪市生态环境局", "former"),
        ("市交警支队", "云溪市公安局交通警察支队", "learned"),
        ("清水镇", "清水镇人民政府", "grammar"),
        ("清水镇政府", "清水镇人民政府", "grammar"),
        ("市妇联", "云溪市妇女联合会", "grammar"),
        ("市应急局（市安监局）", "云溪市应急管理局", "bracket"),
        ("住建", "云溪市住房和城乡建设局", "elliptic"),
        ("市数促局", "云溪市数字经济促进局", "abbreviation"),
    ],
)
def test_names_that_settle(names, printed, expected, how):
    found = names.match(printed)
    assert (found.unit.name if found.unit else None, found.how) == (expected, how)


@pytest.mark.parametrize("printed", ["省应急厅", "东河县住建局", "市消防大队", "市体育馆", "", "各部门"])
def test_names_of_nobody_known(names, printed):
    assert names.match(printed).unit is None


def test_the_plans_own_place_comes_first_and_others_stay_candidates(names):
    found = names.match("应急管理局")
    assert found.unit.name == "云溪市应急管理局"
    assert [other.name for other in found.candidates] == ["东河县应急管理局"]
    assert found.confidence < 0.95


def test_without_a_home_two_units_are_never_guessed_between():
    found = UnitNames(CITY).match("应急管理局")
    assert found.unit is None
    assert found.how == "ambiguous"
    assert {other.name for other in found.candidates} == {"云溪市应急管理局", "东河县应急管理局"}


def test_a_name_in_use_on_another_day_is_a_former_name():
    old = unit("云溪市应急管理局", aliases=[Alias("云溪市安办", valid_to=date(2019, 3, 1))])
    names = UnitNames([old])
    assert names.match("云溪市安办", on=date(2018, 5, 1)).how == "alias"
    assert names.match("云溪市安办", on=date(2031, 5, 1)).how == "former"


def test_every_answer_has_its_words(names):
    for printed in ("市应急局", "市安监局", "住建", "市数促局", "应急管理局", "云溪市应急管理中心", "某某"):
        assert names.match(printed).how in HOW


def test_a_likeness_is_offered_but_never_taken(names):
    found = names.match("云溪市应急管理中心")
    assert found.unit is None
    assert found.how == "similar"
    assert found.candidates


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("云溪市住建局", ("云溪", "市", "住房和城乡建设", "局")),
        ("市市场监管局", ("", "市", "市场监督管理", "局")),
        ("市场监管局", ("", "", "市场监督管理", "局")),
        ("城市管理局", ("", "", "城市管理和综合执法", "局")),
        ("市政府办公室", ("", "市", "人民政府办公室", "")),
        ("市民政局", ("", "市", "民政", "局")),
        ("省应急管理厅", ("", "省", "应急管理", "局")),
    ],
)
def test_taking_names_apart(name, parts):
    form = take_apart(name)
    assert (form.place, form.level, form.line, form.ending) == parts
