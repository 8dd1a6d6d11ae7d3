"""Damaged documents are read or refused, quickly, and nothing of them is lost (the full run is `bench.plans_text`)."""

import itertools
import time

import pytest

from bihuan.plans import PlanReadError, compile_plan
from bihuan.plans.coverage import coverage
from bihuan.plans.tests import sample
from bihuan.plans.tests.mutations import mutants
from bihuan.plans.tests.test_parts_of_a_file import COLLECTION

TEXTS = [sample.TEXT, "".join(sample.PARAGRAPHS), COLLECTION]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_damaged_documents(seed):
    for done, data in mutants(TEXTS, 75, seed):
        began = time.process_time()
        try:
            plan = compile_plan(data, "方案.txt")
        except PlanReadError:
            continue
        assert time.process_time() - began < 2.0, done
        covered = coverage(plan)
        assert "".join(each.span.of(plan.source.original) for each in covered) == plan.source.original, done
        assert all(a.span.end == b.span.start for a, b in itertools.pairwise(covered)), done
        plan.to_json()
