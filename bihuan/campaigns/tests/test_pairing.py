"""Which line is which: pairs are one to one, explained, and a person's word comes first."""

from hypothesis import given
from hypothesis import strategies as st

from bihuan.campaigns.pairing import Line, answers, likeness, pair_up, parts_of

OLD = [
    Line(1, "二/1", "摸清底数", "逐户登记餐饮企业，8月20日前形成台账。"),
    Line(2, "二/2", "查违规安装", "餐饮企业连接软管超过2米的，责令限期改正。"),
    Line(3, "二/3", "查充装管理", "对充装超期未检气瓶的，责令限期改正。"),
]


def found(pairs):
    return {(pair.old.key, pair.new.key) for pair in pairs}


def test_renumbered_and_reworded_lines_are_the_same_lines():
    new = [
        Line("a", "二/1", "建立机制", "每周会商一次，通报进度。"),
        Line("b", "二/2", "摸清底数", "逐户登记餐饮企业，9月10日前形成台账。"),
        Line("c", "二/4", "查违规安装", "餐饮企业连接软管超过2米的，责令限期改正。"),
    ]
    pairs = pair_up(OLD, new)
    assert found(pairs) == {(1, "b"), (2, "c")}
    why = {pair.old.key: pair.why for pair in pairs}
    assert why[2] == "标题相同，文字相同，编号 二/2 改为 二/4"
    assert why[1].startswith("标题相同，文字相同 ")


def test_twins_are_paired_in_their_order():
    twins = [Line(n, f"一/{n}", "加强宣传", "开展宣传培训。") for n in (1, 2)]
    again = [Line("x", "一/1", "加强宣传", "开展宣传培训。"), Line("y", "一/2", "加强宣传", "开展宣传培训。")]
    assert found(pair_up(twins, again)) == {(1, "x"), (2, "y")}


def test_what_a_person_paired_stays_and_what_a_person_took_apart_is_not_made_again():
    new = [Line("c", "二/2", "查违规安装", OLD[1].text), Line("d", "五/1", "其他", "完全不同的话。")]
    assert found(pair_up(OLD, new, apart=[(2, "c")])) == set()
    pairs = pair_up(OLD, new, together=[(3, "d")])
    assert found(pairs) == {(2, "c"), (3, "d")}
    assert next(pair for pair in pairs if pair.old.key == 3).is_by_hand


def test_one_own_line_may_answer_two_parents():
    own = [
        Line(
            "a", "1", "查违规安装和充装管理", "餐饮企业连接软管超过2米的、充装超期未检气瓶的，责令限期改正。"
        )
    ]
    assert {pair.old.key for pair in answers(OLD, own)} == {2, 3}


def test_the_parts_of_a_changed_text():
    assert parts_of("8月20日前完成", "9月20日前完成") == [
        ["gone", "8"],
        ["new", "9"],
        ["same", "月20日前完成"],
    ]


lines = st.builds(
    Line,
    st.integers(),
    st.sampled_from(["", "1", "2"]),
    st.text("查用气瓶管", max_size=4),
    st.text("查用气瓶管，。", max_size=12),
)
lists = st.lists(lines, max_size=6, unique_by=lambda line: line.key)


@given(lists, lists)
def test_nobody_is_paired_twice_and_likeness_is_a_share(old, new):
    pairs = pair_up(old, new)
    assert len({pair.old.key for pair in pairs}) == len({pair.new.key for pair in pairs}) == len(pairs)
    assert all(0 <= likeness(one, other) <= 1.0000001 for one in old for other in new)


@given(st.text("查用气瓶", max_size=20), st.text("查用气瓶", max_size=20))
def test_the_parts_are_both_texts_whole(before, after):
    parts = parts_of(before, after)
    assert "".join(words for act, words in parts if act != "new") == before
    assert "".join(words for act, words in parts if act != "gone") == after
