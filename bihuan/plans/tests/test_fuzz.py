"""Damaged documents are read or refused, and nothing of them is lost (the full run is `bench.plans_text`)."""

import itertools

import pytest

from bihuan.plans import PlanReadError, compile_plan
from bihuan.plans.coverage import coverage
from bihuan.plans.tests import sample
from bihuan.plans.tests.mutations import mutants
from bihuan.plans.tests.patience import patience
from bihuan.plans.tests.test_parts_of_a_file import COLLECTION

TEXTS = [sample.TEXT, "".join(sample.PARAGRAPHS), COLLECTION]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_damaged_documents(seed):
    for done, data in mutants(TEXTS, 75, seed):
        try:
            with patience():
                plan = compile_plan(data, "方案.txt")
        except PlanReadError:
            continue
        covered = coverage(plan)
        assert "".join(each.span.of(plan.source.original) for each in covered) == plan.source.original, done
        assert all(a.span.end == b.span.start for a, b in itertools.pairwise(covered)), done
        plan.to_json()


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["。ㄋ模┓e極", "？！笆濉睍r期", "入?yún)^(qū)步", "；菲髽", "責任(zé)", "附件1 检查表\n", "范文1\n", "篇1\n篇2\n", "云溪市应急局\n2031年3月6日\n",
     "\n一、任务", "一、任务。", "□", "【打印文本】\n", "１", "相同的一行文字\n", "首页 > ", "关于印发《", "达到9%", "\u200b", " \n"],
)  # fmt: skip
def test_endless_repetition_comes_to_an_end(unit):
    data = ("一、任務\n責產實關" + unit * (20_000 // len(unit))).encode()
    with patience():
        covered = coverage(compile_plan(data, "方案.txt"))
    assert covered[0].span.start == 0
