"""A sound plan has no findings; each defect planted into it is found, at its place, and nothing else with it."""

from pathlib import Path

import pytest

from bihuan.plans import compile_text
from bihuan.plans.lint import lint

CLEAN = Path(__file__).with_name("clean.txt").read_text("utf-8")
SHORT = Path(__file__).with_name("clean_short.txt").read_text("utf-8")
HALF_WIDTH = str.maketrans("，；：（）", ",;:()")


def findings(text: str) -> list[tuple[str, str, str]]:
    """Return severity, code and the quoted words of every finding."""
    plan = compile_text(text)
    return [(f.severity, f.code, f.span.of(text)) for f in lint(plan)]


@pytest.mark.parametrize(
    "text",
    [CLEAN, SHORT, CLEAN.translate(HALF_WIDTH), SHORT.translate(HALF_WIDTH)],
    ids=["long", "short", "long-half", "short-half"],
)
def test_a_sound_plan_has_no_findings(text):
    assert findings(text) == []


# What stands in the clean plan, what is put in its place, and the finding: severity, code, quoted words.
PLANTED = {
    "duplicate enumerator": ("8.查外窗", "7.查外窗", "error", "number.duplicate", "7.查外窗障碍物"),
    "duplicate group": (
        "（三）整治违规动火",
        "（二）整治违规动火",
        "error",
        "number.duplicate",
        "（二）整治违规动火用电",
    ),
    "missing enumerator": ("37.建立信用", "38.建立信用", "warning", "number.missing", "38.建立信用约束"),
    "missing section": ("九、工作要求", "十、工作要求", "warning", "number.missing", "十、工作要求"),
    "missing first item": (
        "（一）公众聚集",
        "公众聚集",
        "warning",
        "number.missing",
        "（二）医院门诊楼、病房楼，学校教学楼、图书馆、食堂和集体宿舍，养老院，福利院，托儿所，幼儿园",
    ),
    "mixed style": ("六、职责分工", "六.职责分工", "advice", "number.style", "六.职责分工"),
    "mixed style of items": ("12.查常闭式", "12、查常闭式", "advice", "number.style", "12、查常闭式防火门"),
    "outsider": ("市城市管理局、市民族", "市民族", "warning", "body.outsider", "市城市管理局"),
    "idle member": (
        "市总工会负责同志",
        "市总工会、市审计局负责同志",
        "warning",
        "body.idle_member",
        "市审计局",
    ),
    "two names": (
        "报送领导小组办公室。\n（二）",
        "报送专班办公室。\n（二）",
        "warning",
        "body.two_names",
        "专班",
    ),
    "announced only": (
        "建立相应的工作机构，明确专人负责。",
        "建立相应的工作机构，明确专人负责。市里同时成立现场督导工作专班，负责督促检查。",
        "warning",
        "body.not_composed",
        "现场督导工作专班",
    ),
    "office without seat": (
        "领导小组下设办公室，办公室设在市消防救援支队，办公室主任由市消防救援支队支队长兼任，承担",
        "领导小组下设办公室，办公室主任由市消防救援支队支队长兼任，承担",
        "warning",
        "body.no_office",
        "下设办公室",
    ),
    "office without head": (
        "办公室设在市消防救援支队，办公室主任由市消防救援支队支队长兼任，",
        "办公室设在市消防救援支队，",
        "advice",
        "body.no_office",
        "下设办公室",
    ),
    "impossible day": ("2031年6月30日前", "2031年6月31日前", "error", "date.impossible", "2031年6月31日"),
    "impossible in April": (
        "2031年4月15日前）\n2",
        "2031年4月31日前）\n2",
        "error",
        "date.impossible",
        "2031年4月31日",
    ),
    "weekday": ("（星期一）", "（星期三）", "error", "date.weekday", "2031年3月10日（星期三）"),
    "deadline past": ("2031年4月25日前", "2030年4月25日前", "error", "date.past", "2030年4月25日"),
    "report past": ("2031年4月5日前将", "2031年3月5日前将", "error", "date.past", "2031年3月5日"),
    "phase begun": (
        "2031年3月10日（星期一）",
        "2031年3月20日（星期四）",
        "warning",
        "phase.begun",
        "2031年3月15日至4月30日",
    ),
    "phase outside": (
        "总结验收阶段（2031年11月1日至12月31日）",
        "总结验收阶段（2031年11月1日至2032年1月15日）",
        "error",
        "phase.outside",
        "2031年11月1日至2032年1月15日",
    ),
    "phases overlap": (
        "集中整治阶段（2031年5月1日",
        "集中整治阶段（2031年4月21日",
        "warning",
        "phase.overlap",
        "2031年4月21日至10月31日",
    ),
    "gap": (
        "总结验收阶段（2031年11月1日",
        "总结验收阶段（2031年11月11日",
        "warning",
        "phase.gap",
        "2031年11月11日至12月31日",
    ),
    "length in days": (
        "动员部署阶段（2031年3月15日至4月30日）\n",
        "动员部署阶段（2031年3月15日至4月30日）集中20天时间广泛动员。\n",
        "error",
        "phase.length",
        "2031年3月15日至4月30日）集中20天",
    ),
    "length about": (
        "集中整治阶段（2031年5月1日至10月31日）\n",
        "集中整治阶段（2031年5月1日至10月31日）用4个月左右时间集中整治。\n",
        "warning",
        "phase.length",
        "2031年5月1日至10月31日）用4个月左右",
    ),
    "reversed": (
        "总结验收阶段（2031年11月1日至12月31日）",
        "总结验收阶段（2031年12月31日至2031年11月1日）",
        "error",
        "phase.reversed",
        "2031年12月31日至2031年11月1日",
    ),
    "task after the end": (
        "（市教育局负责；完成时限：2031年8月25日前）",
        "（市教育局负责；完成时限：2032年8月25日前）",
        "warning",
        "task.late",
        "2032年8月25日",
    ),
    "body under another name as subject": (
        "（四）注重宣传引导。曝光",
        "（四）注重宣传引导。工作专班要曝光",
        "warning",
        "body.two_names",
        "工作专班",
    ),
    "truncated name in a bracket": (
        "（市住房和城乡建设局负责；完成时限：2031年10月15日前）",
        "（市住房和城乡负责；完成时限：2031年10月15日前）",
        "error",
        "text.truncated",
        "市住房和城乡",
    ),
    "phase count": ("分三个阶段进行", "分四个阶段进行", "error", "phase.count", "分四个阶段"),
    "no lead": (
        "（市公安局牵头，市消防救援支队、市工业和信息化局按职责分工负责；完成时限：2031年7月31日前）",
        "（市公安局、市消防救援支队、市工业和信息化局按职责分工负责；完成时限：2031年7月31日前）",
        "warning",
        "task.no_lead",
        "市公安局、市消防救援支队、市工业和信息化局",
    ),
    "collective": (
        "（市应急管理局负责；完成时限：2031年5月10日前）",
        "（各有关部门按职责分工负责；完成时限：2031年5月10日前）",
        "warning",
        "task.only_collective",
        "各有关部门",
    ),
    "no unit": (
        "（市消防救援支队负责；完成时限：2031年4月30日前）",
        "（完成时限：2031年4月30日前）",
        "warning",
        "task.no_unit",
        "3.评定风险等级",
    ),
    "no deadline": (
        "（市教育局负责；完成时限：2031年8月25日前）",
        "（市教育局负责）",
        "warning",
        "task.no_deadline",
        "24.整治校园",
    ),
    "two leads": (
        "（市民政局牵头，市教育局配合；",
        "（市民政局、市教育局牵头；",
        "advice",
        "task.two_leads",
        "市民政局、市教育局",
    ),
    "target contradicted": (
        "逐项销号；",
        "逐项销号，一般隐患按期整改率不低于90%；",
        "error",
        "target.contradiction",
        "一般隐患按期整改率不低于90%",
    ),
    "vague report": (
        "每月25日前向领导小组办公室报送",
        "定期向领导小组办公室报送",
        "warning",
        "report.no_day",
        "定期向领导小组办公室报送",
    ),
    "recurring without day": ("每月25日前向", "每月向", "warning", "report.no_day", "每月"),
    "no receiver": (
        "前将工作总结报送领导小组办公室。",
        "前完成工作总结报送。",
        "warning",
        "report.no_receiver",
        "2031年12月20日前",
    ),
    "unknown receiver": (
        "前将工作总结报送领导小组办公室。",
        "前将工作总结报送市消防隐患整治办公室。",
        "warning",
        "report.unknown_receiver",
        "市消防隐患整治办公室",
    ),
    "report after the end": (
        "于2031年4月5日前将实施方案报送",
        "于2032年4月5日前将实施方案报送",
        "warning",
        "report.late",
        "2032年4月5日前",
    ),
    "truncated member": (
        "市卫生健康局、市市场监督管理局、市城市",
        "市卫生健、市市场监督管理局、市城市",
        "error",
        "text.truncated",
        "市卫生健",
    ),
    "bracket": (
        "（市教育局负责；完成时限：2031年8月25日前）",
        "（市教育局负责；完成时限：2031年8月25日前",
        "warning",
        "text.bracket",
        "（市教育局负责",
    ),
    "quotation mark": (
        "管生产经营必须管安全”",
        "管生产经营必须管安全",
        "warning",
        "text.bracket",
        "“管行业必须管安全、管业",
    ),
    "book title": (
        "《人员密集场所消防安全自查表》（见",
        "《人员密集场所消防安全自查表（见",
        "warning",
        "text.bracket",
        "《人员密集场所消防安全自",
    ),
    "placeholder": (
        "公布举报电话19900001119，",
        "公布举报电话XXXX，",
        "warning",
        "text.placeholder",
        "XXXX",
    ),
    "unfinished": (
        "营造全社会关注消防安全的氛围。",
        "营造全社会关注消防安全的",
        "warning",
        "text.unfinished",
        "验做法，营造全社会关注消防安全的",
    ),
    "abbreviation of two things": (
        "制定人员密集场所消防安全管理指南，",
        "制定人员密集场所消防安全管理指南（以下简称领导小组），",
        "warning",
        "term.abbreviation",
        "领导小组",
    ),
    "campaign": ("把专项整治作为全年", "把此次专项行动作为全年", "advice", "term.campaign", "专项行动"),
    "former name": (
        "教育、卫生健康、民政、商务、文化和旅游等部门",
        "教育、卫生健康、民政、商务、文化和旅游、安监部门等",
        "warning",
        "term.renamed",
        "安监部门",
    ),
    "unit named two ways": (
        "（市住房和城乡建设局负责；完成时限：2031年10月15日前）",
        "（市住建局负责；完成时限：2031年10月15日前）",
        "advice",
        "term.unit_names",
        "市住建局",
    ),
    "annex missing": (
        "统一检查标准。",
        "统一检查标准（见附件3）。",
        "warning",
        "form.annex_missing",
        "见附件3",
    ),
    "annex not cited": (
        "《专项整治进展情况统计表》（见附件2）",
        "专项整治进展情况",
        "advice",
        "form.annex_uncited",
        "附件：",
    ),
    "own number": ("云安办〔2031〕21号", "云安办[2031]21号", "advice", "form.number", "云安办[2031]21号"),
    "cited number": ("云政办〔2029〕36号", "云政办〔29〕36号", "warning", "form.number", "云政办〔29〕36号"),
    "number with 第": (
        "云政办〔2029〕36号",
        "云政办〔2029〕第36号",
        "advice",
        "form.number",
        "云政办〔2029〕第36号",
    ),
    "contact": (
        "联系人：林知远，电话：19900001110，传真：19900001112。",
        "联系人：",
        "warning",
        "form.contact",
        "联系人：",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found_alone(name):
    old, new, severity, code, quote = PLANTED[name]
    assert CLEAN.count(old) == 1
    assert findings(CLEAN.replace(old, new)) == [(severity, code, quote)]
