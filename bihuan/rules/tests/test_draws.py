"""Public draws: the same everywhere, fair, and nobody meets whom they must not."""

import json
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.rules.drawcommand import main
from bihuan.rules.draws import (
    Candidate,
    DrawError,
    Inputs,
    Replacement,
    commitment,
    draw,
    problems_of,
    verify,
)


def pool(objects=4, inspectors=3, count=2, per_object=1, recusals=(), weights=None) -> Inputs:
    weights = weights or [1] * objects
    return Inputs(
        objects=tuple(Candidate(str(no), f"企业{no}", weights[no - 1]) for no in range(1, objects + 1)),
        inspectors=tuple(Candidate(f"p{no}", f"人员{no}") for no in range(1, inspectors + 1)),
        recusals=frozenset(recusals),
        count=count,
        per_object=per_object,
    )


def published(inputs, seed="ab" * 32, value="", replacements=()):
    return {
        "inputs": inputs.as_json(), "inputs_digest": inputs.digest(), "seed": seed, "public_value": value,
        "commitment": commitment(seed),
        "replacements": [
            {"what": each.what, "out": each.out, "at_object": each.at_object} for each in replacements
        ],
        "result": [each.as_json() for each in draw(inputs, seed, value, replacements)],
    }  # fmt: skip


def test_the_commitment_is_plain_sha256():
    # printf abc | sha256sum
    assert commitment("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_same_inputs_and_seed_give_the_same_result_in_whatever_order_they_are_listed():
    one = pool(objects=12, inspectors=4, count=5, per_object=2)
    other = Inputs(one.objects[::-1], one.inspectors[::-1], one.recusals, one.count, one.per_object)
    assert draw(one, "1" * 64) == draw(other, "1" * 64)
    assert draw(one, "1" * 64) != draw(one, "2" * 64)
    assert draw(one, "1" * 64) != draw(one, "1" * 64, "3456.78")


def test_every_order_of_three_is_equally_likely():
    """Chi-square over the six orders of three objects, 3,000 fixed seeds: below 20.52 (5 degrees of freedom, 0.1 %)."""
    inputs = pool(objects=3, inspectors=1, count=3)
    seen = Counter(tuple(pair.object for pair in draw(inputs, f"{no:064x}")) for no in range(3000))
    assert set(seen) == set(permutations("123"))
    assert sum((count - 500) ** 2 / 500 for count in seen.values()) < 20.52


def test_every_inspector_is_equally_likely():
    """Chi-square over four inspectors for one object, 2,000 fixed seeds: below 16.27 (3 degrees of freedom, 0.1 %)."""
    inputs = pool(objects=1, inspectors=4, count=1)
    seen = Counter(draw(inputs, f"{no:064x}")[0].inspectors[0] for no in range(2000))
    assert sum((seen[f"p{no}"] - 500) ** 2 / 500 for no in range(1, 5)) < 16.27


def test_a_weight_of_three_is_drawn_three_times_as_often():
    inputs = pool(objects=2, inspectors=1, count=1, weights=[3, 1])
    seen = Counter(draw(inputs, f"{no:064x}")[0].object for no in range(2000))
    assert 1400 < seen["1"] < 1600


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_nobody_meets_whom_they_must_not(data):
    inspectors = data.draw(st.integers(2, 5))
    objects = data.draw(st.integers(1, 6))
    pairs = [(f"p{p}", str(o)) for p in range(1, inspectors + 1) for o in range(1, objects + 1)]
    recusals = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    per_object = data.draw(st.integers(1, 2))
    inputs = pool(objects, inspectors, data.draw(st.integers(1, objects)), per_object, recusals)
    seed = data.draw(st.binary(min_size=32, max_size=32)).hex()
    if problems_of(inputs):
        with pytest.raises(DrawError):
            draw(inputs, seed)
        return
    result = draw(inputs, seed)
    assert len({pair.object for pair in result}) == inputs.count
    for pair in result:
        assert len(set(pair.inspectors)) == per_object
        assert not {(person, pair.object) for person in pair.inspectors} & set(recusals)


def test_work_is_spread_evenly():
    result = draw(pool(objects=9, inspectors=3, count=9), "7" * 64)
    assert sorted(Counter(pair.inspectors[0] for pair in result).values()) == [3, 3, 3]


def test_a_replaced_object_is_new_and_a_replaced_person_does_not_come_back():
    inputs = pool(objects=5, inspectors=3, count=2)
    before = draw(inputs, "5" * 64)
    gone, kept = before[0].object, before[1]
    after = draw(inputs, "5" * 64, replacements=[Replacement("object", gone)])
    assert gone not in {pair.object for pair in after}
    assert after[1] == kept
    person = kept.inspectors[0]
    again = draw(
        inputs,
        "5" * 64,
        replacements=[Replacement("object", gone), Replacement("inspector", person, kept.object)],
    )
    assert again[1].inspectors != [person]
    assert again[0] == after[0]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (pool(objects=1, count=2), "要抽 2 家，名录库里只有 1 家"),
        (pool(inspectors=1, per_object=2), "只剩 1 名检查人员，每家须 2 名"),
        (pool(objects=1, inspectors=1, count=1, recusals=[("p1", "1")]), "企业1除去须回避的只剩 0 名"),
        (pool(count=0), "都至少为 1"),
        (pool(weights=[1, 0, 1, 1]), "权重小于 1"),
    ],
)
def test_a_draw_that_cannot_be_held_says_why(inputs, words):
    assert any(words in problem for problem in problems_of(inputs))


def test_the_published_file_is_recomputed():
    file = published(pool(objects=8, inspectors=4, count=3, per_object=2), value="3402.15")
    assert verify(file) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": "cd" * 32}, "种子与事先公布的承诺值不符"),
        ({"public_value": "1"}, "得到的结果与公示的结果不同"),
        ({"inputs_digest": "0" * 64}, "名录与事先公布的摘要不符"),
        ({"result": []}, "得到的结果与公示的结果不同"),
    ],
)
def test_whatever_was_changed_shows(change, words):
    file = published(pool(objects=30, inspectors=4, count=9, per_object=2)) | change
    assert any(words in each for each in verify(file))


def test_a_file_that_is_no_draw_is_refused_in_words():
    with pytest.raises(DrawError, match="这不是公示的抽取材料"):
        verify({"inputs": pool().as_json()})
    with pytest.raises(DrawError, match="本程序只会复算"):
        verify(published(pool()) | {"inputs": pool().as_json() | {"algorithm": "x"}})


def test_the_command_recomputes_a_file(tmp_path, capsys):
    file = tmp_path / "抽取.json"
    good = published(pool(objects=8, inspectors=4, count=3))
    file.write_text(json.dumps(good, ensure_ascii=False), encoding="utf-8")
    assert main(["verify", str(file)]) == 0
    assert "相符" in capsys.readouterr().out
    file.write_text(json.dumps(good | {"seed": "0" * 64}), encoding="utf-8")
    assert main(["verify", str(file)]) == 1
    assert "不符：种子" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "不是 JSON 文件"),
        ("[]", "不是公示的抽取材料"),
        ('{"title": "x"}', "还没有公布种子"),
        (None, "读不了文件"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_file(tmp_path, capsys, text, words):
    file = tmp_path / "抽取.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["verify", str(file)]) == 2
    assert words in capsys.readouterr().err
    assert main([]) == 2
