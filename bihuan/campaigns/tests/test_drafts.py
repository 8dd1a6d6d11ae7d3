"""What elements may hold and how they merge and split: plain values, no database."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.campaigns import drafts


def kind(key: str, *keywords: str) -> SimpleNamespace:
    return SimpleNamespace(key=key, keywords=list(keywords))


KINDS = [
    kind("restaurant", "餐饮企业", "餐饮"),
    kind("pipeline", "管道燃气经营企业", "燃气经营企业"),
    kind("bottled", "燃气经营企业", "瓶装液化石油气"),
    kind("school", "学校"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("餐饮企业和学校食堂", ["restaurant", "school"]),
        ("燃气经营企业未按规定", ["pipeline", "bottled"]),
        ("管道燃气经营企业未巡线", ["pipeline"]),
        ("加强宣传", []),
    ],
)
def test_kinds_are_proposed_from_the_words_of_the_plan(text, expected):
    assert drafts.propose_kinds(text, KINDS) == expected


@pytest.mark.parametrize(
    ("text", "metric", "threshold"),
    [
        ("餐饮企业检查覆盖率达到100%", "coverage", 100.0),
        ("一般隐患整改率达到95%以上", "rectification", 95.0),
        ("重大事故隐患整改率达到100%", "manual", 100.0),
        ("居民宣传覆盖率达到90%以上", "manual", 90.0),
        ("改造老旧管道46公里", "manual", None),
    ],
)
def test_targets_find_the_metric_they_can_be_held_against(text, metric, threshold):
    assert drafts.propose_target(text) == {"text": text, "metric": metric, "threshold": threshold}


TASK = {
    "no": "三/1",
    "heading": "查安装",
    "text": "查安装。软管超过2米的，责令改正。报警器失灵的，责令更换。（甲局牵头）",
    "lead": ["甲局"],
    "support": ["乙局"],
    "responsible": [],
    "territorial": [],
    "due": None,
    "phase": 4,
    "kinds": ["restaurant"],
    "check_items": [{"text": "软管超过2米"}, {"text": "报警器失灵"}],
}


def test_merging_unites_lists_joins_texts_and_keeps_the_stronger_role():
    other = TASK | {
        "heading": "查瓶",
        "text": "查瓶。",
        "lead": [],
        "responsible": ["乙局"],
        "due": "2026-10-31",
    }
    merged = drafts.merge_data(
        "task", TASK, other | {"kinds": ["school"], "check_items": [{"text": "瓶超期"}]}
    )
    assert merged["heading"] == "查安装"
    assert merged["text"].endswith("（甲局牵头）\n查瓶。")
    assert (merged["lead"], merged["responsible"], merged["support"]) == (["甲局"], ["乙局"], [])
    assert merged["due"] == "2026-10-31"
    assert merged["kinds"] == ["restaurant", "school"]
    assert [check["text"] for check in merged["check_items"]] == ["软管超过2米", "报警器失灵", "瓶超期"]


def test_merging_keeps_the_evidence_of_both():
    first = {"whole": [10, 20], "lead": [[15, 18]]}
    second = {"whole": [20, 40], "lead": [[30, 33]], "due": [[35, 39]]}
    assert drafts.merge_spans(first, second) == {
        "whole": [10, 40],
        "lead": [[15, 18], [30, 33]],
        "due": [[35, 39]],
    }


def test_splitting_shares_units_and_sorts_check_items():
    first, second = drafts.split_data(TASK, 2)
    assert first["text"] == "查安装。软管超过2米的，责令改正。"
    assert second["text"] == "报警器失灵的，责令更换。（甲局牵头）"
    assert second["heading"] == "报警器失灵的，责令更换"
    assert first["lead"] == second["lead"] == ["甲局"]
    assert [check["text"] for check in first["check_items"]] == ["软管超过2米"]
    assert [check["text"] for check in second["check_items"]] == ["报警器失灵"]


def test_splitting_keeps_the_evidence_on_its_side():
    spans = {"whole": [0, 100], "lead": [[90, 95]], "check_items": [[10, 20], [60, 70]], "heading": [[0, 5]]}
    first, second = drafts.split_spans(spans, 50)
    assert first == {"whole": [0, 50], "lead": [[90, 95]], "check_items": [[10, 20]], "heading": [[0, 5]]}
    assert second == {"whole": [50, 100], "lead": [[90, 95]], "check_items": [[60, 70]]}


@pytest.mark.parametrize("at", [0, 4, 99])
def test_there_is_nothing_to_split_before_the_first_or_after_the_last_sentence(at):
    with pytest.raises(ValueError, match="句"):
        drafts.split_data(TASK, at)


@given(st.text(alphabet="甲乙，。；！）\n", max_size=60))
def test_sentences_lose_nothing(text):
    assert "".join(drafts.sentences(text)) == text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["动员部署阶段", "集中整治阶段", "总结提升阶段"], 1),
        (["宣传发动", "自查自改", "巩固"], 1),
        (["集中攻坚阶段", "巩固提升阶段"], 0),
        (["自查部署阶段", "集中整治阶段"], 0),
        (["动员部署阶段"], 0),
        ([], None),
    ],
)
def test_work_without_a_phase_belongs_where_work_is_done(names, expected):
    assert drafts.working_phase(names) == expected
