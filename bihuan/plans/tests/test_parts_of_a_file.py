"""Several documents in one file: told apart, typed, compiled one by one."""

import itertools
import json

from bihuan.plans import compile_all, compile_plan, read_document
from bihuan.plans.__main__ import main
from bihuan.plans.model import SourceText
from bihuan.plans.parts import separate
from bihuan.plans.tests import sample

FIRST = """一、工作目标
查清全市加油站底数。
二、主要任务
1.开展摸底。各县（区）逐站登记。（市商务局负责）
2.开展检查。各县（区）应当逐站检查，限期整改。（市应急局牵头，市商务局配合）"""
SECOND = """一、整治范围
全市烟花爆竹零售点。
二、工作措施
1.逐店核查。未持证经营的，责令停止销售。（市应急局负责）
附件：
零售点安全承诺书
店名：
负责人：
电话：
签名： 年 月 日"""
THIRD = (
    "今年以来，全市共发生各类事故12起，同比下降20%。截至目前，已完成整改35处，共排查隐患120处，已建立台账。"
    * 12
)
COLLECTION = (
    f"云溪范文网\n安全检查方案范文1\n{FIRST}\n安全检查方案范文2\n{SECOND}\n安全检查方案范文3\n{THIRD}"
)


def kinds(text):
    return [(part.kind, part.title) for part in separate(SourceText(text, "text"))]


def test_the_sample_is_a_notice_its_plan_and_a_form():
    assert kinds(sample.TEXT) == [
        ("notice", sample.PARAGRAPHS[2]),
        ("plan", sample.PARAGRAPHS[5]),
        ("form", "租赁厂房安全检查表"),
    ]


def test_collected_samples_are_separated_and_typed():
    assert kinds(COLLECTION) == [
        ("other", "云溪范文网"),
        ("plan", "安全检查方案范文1"),
        ("plan", "安全检查方案范文2"),
        ("form", "零售点安全承诺书"),
        ("report", "安全检查方案范文3"),
    ]


def test_numbered_pieces_are_separated():
    for heads in (
        ("篇一：加油站检查方案", "篇二：烟花爆竹检查方案"),
        ("检查方案（篇1）", "检查方案（篇2）"),
        ("【第一篇】", "【第二篇】"),
    ):
        parts = kinds(f"{heads[0]}\n{FIRST}\n{heads[1]}\n{FIRST}")
        assert [kind for kind, _ in parts] == ["plan", "plan"]


def test_one_numbered_heading_alone_separates_nothing():
    assert len(kinds(f"检查方案（篇1）\n{FIRST}")) == 1


def test_the_parts_cover_the_text():
    parts = separate(SourceText(COLLECTION, "text"))
    assert parts[0].span.start == 0
    assert parts[-1].span.end == len(COLLECTION)
    assert all(left.span.end == right.span.start for left, right in itertools.pairwise(parts))


def test_a_list_of_annexes_above_the_signature_is_no_annex():
    text = f"云溪市检查工作方案\n{FIRST}\n附件：1.检查表\n2.名单\n云溪市安全生产委员会办公室\n2031年5月6日"
    assert kinds(text) == [("plan", "云溪市检查工作方案")]


def test_an_annex_behind_the_signature():
    text = f"云溪市检查工作方案\n{FIRST}\n云溪市应急局\n2031年5月6日\n附件1 检查要点\n对照标准逐条检查，不得遗漏任何一处设施，检查人员应当两人以上。\n附件2\n检查记录表\n单位名称：\n检查人员签名："
    assert kinds(text) == [
        ("plan", "云溪市检查工作方案"),
        ("annex", "检查要点"),
        ("form", "检查记录表"),
    ]


def test_a_notice_that_prints_its_plan_without_a_title_is_the_plan():
    text = f"关于印发《云溪市加油站检查方案》的通知\n各县（区）：\n现印发给你们，请遵照执行。\n{FIRST}"
    assert kinds(text) == [("plan", "云溪市加油站检查方案")]


def test_a_notice_of_its_own_sections_is_a_notice():
    assert kinds(f"关于开展加油站检查的通知\n各县（区）：\n{FIRST}")[0][0] == "notice"


def test_a_second_document_behind_a_signature():
    text = f"云溪市加油站检查方案\n{FIRST}\n云溪市应急局\n2031年5月6日\n云溪市烟花爆竹整治方案\n{SECOND.split('附件')[0]}"
    assert [kind for kind, _ in kinds(text)] == ["plan", "plan"]


def test_a_summary_is_a_report():
    text = f"一、工作开展情况\n{THIRD}\n二、存在问题\n一是人手不足。\n三、下一步打算\n各单位要继续努力。"
    assert kinds(text)[0][0] == "report"


def test_the_main_document_is_compiled_and_the_rest_is_announced():
    plan = compile_plan(COLLECTION.encode(), "集.txt")
    assert [task.heading for task in plan.tasks] == ["开展摸底", "开展检查"]
    assert [part.span is not None for part in plan.parts] == [False, True, False, False, False]
    assert "另有 4 份材料" in plan.source.notices[-1]
    span = plan.tasks[0].span
    start, end = plan.source.to_original(span)
    assert plan.source.original[start:end] == span.of(plan.source.text)


def test_every_plan_of_a_file_is_compiled():
    plans = compile_all(COLLECTION.encode(), "集.txt")
    assert [[task.heading for task in plan.tasks] for plan in plans] == [
        ["开展摸底", "开展检查"],
        ["逐店核查"],
    ]
    form = next(part for part in plans[1].parts if part.kind == "form")
    assert form.span.of(plans[1].source.text).endswith("签名： 年 月 日")


def test_a_notice_and_its_plan_are_one_document():
    (plan,) = compile_all(sample.as_text(), "a.txt")
    assert plan.doc_no.value == "云安办〔2031〕17号"
    assert len(plan.tasks) == 25


def test_the_command_prints_parts_and_compiles_them(tmp_path, capsys):
    path = tmp_path / "集.txt"
    path.write_text(COLLECTION, "utf-8")
    assert main([str(path)]) == 0
    assert "3．方案　安全检查方案范文2　〔未在此编译〕" in capsys.readouterr().out
    assert main([str(path), "--part", "3", "--json"]) == 0
    assert [task["heading"] for task in json.loads(capsys.readouterr().out)["tasks"]] == ["逐店核查"]
    assert main([str(path), "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert main([str(path), "--part", "9"]) == 1
    assert "只有 5 份材料" in capsys.readouterr().err
    assert main([str(path), "--part", "1", "--all"]) == 1


def test_a_part_keeps_the_way_back_to_the_original():
    source = read_document(COLLECTION.replace("范文", "  范文").encode(), "集.txt")
    for part in separate(source):
        assert part.place == source.to_original(part.span)


def test_the_list_of_annexes_is_not_the_plan_it_names():
    text = (
        "关于印发《云溪县危化品整治方案》的通知\n各乡镇：\n一、加强领导。各乡镇要成立专班。\n二、按时报送。5月10日前报送方案。\n"
        "附件：云溪县危化品整治方案\n云溪县安委办\n2031年4月1日\n附件\n云溪县危化品整治方案\n一、总体目标\n减少事故。\n二、整治任务\n"
        "（一）健全制度。6月底前完成。\n（二）教育培训。全员参加。"
    )
    plan = compile_plan(text.encode(), "方案.txt")
    assert [part.kind for part in plan.parts] == ["notice", "plan"]
    assert [section.title for section in plan.sections] == ["总体目标", "整治任务"]
    assert str(plan.tasks[0].due) == "2031-06-30"


def test_a_notice_with_sections_of_its_own_keeps_its_plan():
    text = f"关于印发加油站检查方案的通知\n一、提高认识。\n二、加强领导。\n云溪市应急局\n2031年5月6日\n云溪市加油站专项检查工作方案\n{FIRST}"
    assert [kind for kind, _ in kinds(text)] == ["notice", "plan"]
    assert len(compile_all(text.encode(), "a.txt")) == 1


def test_a_short_text_yields_to_the_plan_behind_it():
    short = "云溪市检查工作安排\n一、准备。\n二、检查。\n云溪市应急局\n2031年5月6日\n"
    plan = compile_plan(
        f"{short}云溪市加油站检查方案\n{FIRST}\n{'3.整改。各县（区）限期整改。' * 12}".encode(), "a.txt"
    )
    assert plan.title.value == "云溪市加油站检查方案"


def test_documents_promised_but_absent_are_announced():
    plan = compile_plan(COLLECTION.replace("云溪范文网", "安全检查方案范例6篇").encode(), "集.txt")
    assert plan.source.notices[-1] == "文件标称 6 篇，实际只有 3 篇，其余缺失。"


def test_the_date_of_the_notice_is_no_part_of_the_plans_title():
    text = (
        "云溪市政府关于印发雨季行车整治方案的通知\n各县区：\n现印发给你们。\n二○三一年四月九日\n云溪市雨季行车整治方案\n"
        "为加强安全，制定本方案。\n一、任务\n1.查车辆。\n二、要求\n1.按时完成。"
    )
    parts = separate(read_document(text.encode(), "a.txt"))
    assert [(part.kind, part.title) for part in parts] == [
        ("notice", "云溪市政府关于印发雨季行车整治方案的通知"),
        ("plan", "云溪市雨季行车整治方案"),
    ]
