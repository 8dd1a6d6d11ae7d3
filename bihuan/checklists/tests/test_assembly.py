"""What a task's checklist is proposed to be, and why."""

from decimal import Decimal

from bihuan.checklists import packs
from bihuan.checklists.assembly import PlanItem, propose, similarity
from bihuan.checklists.structure import Book, Item, Measure, Section
from bihuan.checklists.tests.books import BOOK, HOSE
from bihuan.plans.checks import check_items

HOSE_IN_PLAN = PlanItem("三.3.1", "连接软管长度超过2米", ("限期改正", "罚款"))


def book(key, *items, link="use", section="FIR-EVA"):
    return Book(key, f"{key}检查表", 1, (Section(section, "疏散", link, items),))


def test_a_plan_item_takes_in_the_library_item_that_says_the_same():
    lines = propose([HOSE_IN_PLAN], [BOOK], {"restaurant"}, kind_labels={"restaurant": "餐饮"})
    assert [(line.plan_key, line.code) for line in lines] == [("三.3.1", "GAS-USE-01"), ("", "GAS-OPS-01")]
    merged = lines[0]
    assert merged.text == "连接软管长度超过2米"
    assert merged.criterion == "从接头量到灶具，不大于 2 m"
    assert merged.measure == Measure("连接软管长度", "<=", Decimal(2), "m")
    assert [step.word for step in merged.dispositions] == ["限期改正", "罚款"]
    assert merged.severity == "serious"
    assert merged.reasons == (
        "方案要求检查的内容",
        "与检查表库 GAS-USE-01“连接软管长度不大于 2 m”重复（文字相近71%，数值标准同为不大于 2 m），已合并",
    )
    assert not merged.is_from_library


def test_library_items_are_marked_and_say_whom_they_concern():
    lines = propose([], [BOOK], {"restaurant"}, kind_labels={"restaurant": "餐饮"})
    assert [line.is_from_library for line in lines] == [True, True]
    assert lines[0].reasons == ("检查表库“燃气检查表”第3版，适用于各类对象",)
    assert lines[1].reasons == ("检查表库“燃气检查表”第3版，适用于餐饮",)


def test_other_kinds_bring_other_items():
    assert [line.code for line in propose([], [BOOK], {"school"})] == ["GAS-OPS-01"]
    assert [line.code for line in propose([], [BOOK], set())] == ["GAS-OPS-01"]


def test_the_library_follows_the_chain_and_the_plan_its_own_order():
    later = PlanItem("二", "未制定应急预案")
    use = book("fire", Item(code="FIR-EVA-01", text="疏散通道畅通"))
    trade = book("trade", Item(code="TRA-LIC-01", text="持有许可证"), link="trade", section="TRA-LIC")
    lines = propose([later, PlanItem("一", "无证经营")], [use, trade], set())
    assert [line.plan_key or line.code for line in lines] == ["二", "一", "TRA-LIC-01", "FIR-EVA-01"]


def test_another_number_in_the_same_words_stays_and_is_told():
    plan = PlanItem("一", "连接软管长度超过1.5米")
    lines = propose([plan], [BOOK], {"restaurant"})
    assert [line.plan_key or line.code for line in lines] == ["一", "GAS-OPS-01", "GAS-USE-01"]
    assert lines[0].code == ""
    told = "请核对：方案的数值是不大于 1.5 m，检查表库的是不大于 2 m"
    assert lines[0].reasons[1] == f"检查表库 GAS-USE-01“连接软管长度不大于 2 m”与它相近，{told}"
    assert lines[2].reasons[1] == f"与方案的“连接软管长度超过1.5米”相近，{told}"


def test_the_same_number_in_another_unit_is_the_same():
    lines = propose([PlanItem("一", "连接软管长度超过200厘米")], [BOOK], {"restaurant"})
    assert lines[0].code == "GAS-USE-01"


def test_a_plan_item_takes_in_one_library_item_only():
    two = book(
        "fire",
        Item(code="FIR-EVA-01", text="疏散通道保持畅通"),
        Item(code="FIR-EVA-02", text="疏散通道和出口保持畅通"),
    )
    lines = propose([PlanItem("一", "疏散通道未保持畅通")], [two], set())
    assert [(line.plan_key, line.code) for line in lines] == [("一", "FIR-EVA-01"), ("", "FIR-EVA-02")]
    assert "与方案的“疏散通道未保持畅通”相近，请核对" in lines[1].reasons[1]


def test_two_books_that_say_the_same_give_one_line():
    one = book("fire", Item(code="FIR-EVA-01", text="仓库主通道宽度保持畅通"))
    other = book("small", Item(code="SML-EVA-01", text="仓库主通道宽度保持畅通"), section="SML-EVA")
    lines = propose([], [one, other], set())
    assert [line.code for line in lines] == ["FIR-EVA-01"]
    assert lines[0].reasons[1] == "“small检查表”的 SML-EVA-01 与它重复（文字相近100%），只列一次"


def test_items_of_one_book_are_never_one():
    alarm = book(
        "gas", Item(code="FIR-EVA-01", text="一级报警值有效"), Item(code="FIR-EVA-02", text="二级报警值有效")
    )
    assert len(propose([], [alarm], set())) == 2


def test_fault_and_demand_are_alike():
    assert similarity("未安装可燃气体报警器", "应当安装可燃气体报警器") == 1
    assert similarity("疏散通道", "气瓶检验") == 0
    assert similarity("", "") == 0


def test_a_plan_sentence_becomes_proposals_with_the_shipped_packs():
    text = "餐饮企业在地下或半地下空间使用瓶装液化石油气的，连接软管长度超过2米的，责令限期改正，逾期不改正的，责令停止使用。"
    items = check_items(text, 0, len(text))
    plan = [PlanItem.of(item, str(number)) for number, item in enumerate(items, start=1)]
    lines = propose(plan, [packs.load("gas")], {"restaurant"})
    assert [(line.plan_key, line.code) for line in lines[:2]] == [("1", "GAS-USE-11"), ("2", "GAS-USE-03")]
    assert all(line.is_from_library for line in lines[2:])
    assert [step.word for step in lines[0].dispositions] == ["限期改正", "责令停止使用"]


def test_nothing_of_the_library_is_lost():
    gas = packs.load("gas")
    mine = {item.code for _, item in gas.for_kinds(frozenset({"restaurant"}))}
    lines = propose([HOSE_IN_PLAN], [gas], {"restaurant"})
    assert {line.code for line in lines} == mine
    assert HOSE.text == gas.find("GAS-USE-03").text
