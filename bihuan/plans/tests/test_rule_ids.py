"""The rule ids: every one an element can carry is explained, and none is explained that nothing carries."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bihuan import plans
from bihuan.plans import RULES

HOME = Path(plans.__file__).parent
SOURCES = {
    path.relative_to(HOME).as_posix(): path.read_text(encoding="utf-8")
    for path in HOME.rglob("*.py")
    if "tests" not in path.parts and path.name != "rules.py"
}


def test_every_explained_rule_is_used():
    code = "\n".join(SOURCES.values())
    families = set(re.findall(r'f"([a-z_]+)\.\{', code))
    unused = [rule for rule in RULES if f'"{rule}"' not in code and rule.partition(".")[0] not in families]
    assert unused == []


def test_every_used_rule_is_explained():
    families = {rule.partition(".")[0] for rule in RULES}
    used = {
        name
        for place, code in SOURCES.items()
        if not place.startswith("lint/")
        for name in re.findall(r'"([a-z_]+\.[a-z_]+(?:\.[a-z_]+)*)"', code)
        if name.partition(".")[0] in families
    }
    assert used - set(RULES) == set()


@pytest.mark.parametrize("module", ["bihuan.plans.__main__", "bihuan.plans.lint.command"])
def test_the_commands_load_no_web_framework(module):
    probe = (
        f"import sys, {module}; print([name for name in sys.modules if name.partition('.')[0] == 'django'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
