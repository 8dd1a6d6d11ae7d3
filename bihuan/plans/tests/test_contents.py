"""Tables of contents before the text."""

import pytest

from bihuan.plans import compile_text
from bihuan.plans.contents import without_contents

BODY = "一、任务\n1.查企业。\n2.查场所。\n二、要求\n1.按时完成。"


@pytest.mark.parametrize(
    "table",
    [
        "目   录\n一、任务………………1\n二、要求……………12\n",
        "目录\n一、任务\t- 1 -\n（一）检查\t- 3 -\n二、要求\t- 9 -\n",
        "一、任务......1\n（一）检查......2\n二、要求......2\n",
    ],
)
def test_lines_with_page_numbers_head_nothing(table):
    text = f"云溪市自建房整治方案\n{table}{BODY}"
    assert len(without_contents(text)) == len(text)
    plan = compile_text(text)
    assert [section.title for section in plan.sections] == ["任务", "要求"]
    assert [task.no for task in plan.tasks] == ["一/1", "一/2", "二/1"]


@pytest.mark.parametrize(
    "text",
    [BODY, "人员：\n赵一鸣 1\n钱二虎 2\n孙三立 3", "到2031年\n完成40\n完成30…2\n完成20…1", "   \n" * 3000],
)
def test_other_lines_stay(text):
    assert without_contents(text) == text
