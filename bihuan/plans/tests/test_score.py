"""The labelled real plans: the compiler must stay above a floor on every set."""

import json
import re
import subprocess
import sys

import pytest

from bihuan.plans import compile_plan
from bihuan.plans.tests.conftest import LABELLED


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "floor"), [("seeds", 0.95), ("dev", 0.95)])
def test_macro_f1_stays_above_the_floor(folder, floor, tmp_path):
    for source in sorted((LABELLED / folder).glob("*.txt")):
        plan = compile_plan(source.read_bytes(), source.name)
        (tmp_path / f"{source.stem}.json").write_text(json.dumps(plan.to_json()), "utf-8")

    printed = subprocess.run(
        [sys.executable, LABELLED / "score.py", LABELLED / folder, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    macro = float(re.search(r"macro F1 ([\d.]+)", printed).group(1))
    assert macro >= floor, printed
