"""What reading makes of damaged text: agreement with a careful human, and ten thousand mutated documents.

    python -m bench.plans_text [--documents 10000] [--seed 1] [--plans ../shared/plans]

The human's corrections of two long passages are kept as places in the raw files and what belongs there; without the
raw files only the documents of the tests are mutated.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import itertools
import json
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bihuan.plans import PlanReadError, compile_plan, read_document
from bihuan.plans.coverage import coverage
from bihuan.plans.model import Span
from bihuan.plans.tests import sample
from bihuan.plans.tests.mutations import mutants
from bihuan.plans.tests.test_parts_of_a_file import COLLECTION

HERE = Path(__file__).resolve().parent
PLANS = HERE.parent.parent / "shared" / "plans"
SLOWEST_ALLOWED = 2.0


@dataclass(frozen=True)
class Agreement:
    """One passage: characters of the human's text, characters that differ, and how."""

    name: str
    characters: int
    differing: int
    differences: list[str]

    @property
    def share(self) -> float:
        """The part of the human's characters that the reading agrees with."""
        return 1 - self.differing / self.characters


def human_text(raw: str, corrections: str) -> str:
    """Apply corrections "distance.length.replacement", each counted from the end of the one before."""
    pieces, cursor = [], 0
    for correction in corrections.split("|"):
        distance, length, replacement = correction.split(".", 2)
        start = cursor + int(distance)
        pieces += (raw[cursor:start], replacement)
        cursor = start + int(length)
    return "".join(pieces) + raw[cursor:]


def agreements(plans: Path) -> list[Agreement]:
    """Compare the reading of every passage whose raw file is present and unchanged with the human's."""
    found = []
    for passage in json.loads((HERE / "plans_passages.json").read_text("utf-8")):
        path = plans / "raw" / passage["file"]
        if not path.exists():
            continue
        data = path.read_bytes()
        place = Span(passage["start"], passage["end"])
        raw = place.of(data.decode("utf-8"))
        if hashlib.sha256(raw.encode()).hexdigest() != passage["sha256"]:
            sys.stdout.write(f"{path.name}: not the file the passage was corrected from\n")
            continue
        source = read_document(data, path.name)
        wanted = human_text(raw, passage["corrections"])
        printed = source.from_original(place).of(source.text)
        differing, differences = 0, []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, wanted, printed, autojunk=False).get_opcodes():
            if tag != "equal":
                differing += max(b - a, d - c)
                differences.append(f"{wanted[a:b] or '∅'} → {printed[c:d] or '∅'}")
        found.append(Agreement(path.name, len(wanted), differing, differences))
    return found


@dataclass
class Fuzz:
    """The outcome of a run over mutated documents; times in seconds."""

    compiled: int = 0
    refused: int = 0
    uncovered: int = 0
    crashes: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    slow: Counter[str] = field(default_factory=Counter)


def fuzz(texts: list[str], count: int, seed: int) -> Fuzz:
    """Compile and cover `count` mutated documents."""
    result = Fuzz()
    for done, data in mutants(texts, count, seed):
        began = time.process_time()
        try:
            plan = compile_plan(data, "方案.txt")
            covered = coverage(plan)
            plan.to_json()
        except PlanReadError:
            result.refused += 1
            continue
        except Exception:
            result.crashes.append(f"{done}\n{traceback.format_exc(limit=-3)}")
            continue
        spent = time.process_time() - began
        result.compiled += 1
        result.seconds.append(spent)
        if spent > SLOWEST_ALLOWED:
            result.slow[done] += 1
        original = plan.source.original
        whole = "".join(each.span.of(original) for each in covered) == original
        if not whole or any(a.span.end != b.span.start for a, b in itertools.pairwise(covered)):
            result.uncovered += 1
    return result


def sources(plans: Path) -> list[str]:
    """Return the texts to mutate: those of the tests, and the labelled and raw ones when present."""
    own = [sample.TEXT, "".join(sample.PARAGRAPHS), COLLECTION]
    files = [path for folder in ("seeds", "dev", "raw") for path in sorted((plans / folder).glob("*.txt"))]
    return own + [path.read_text("utf-8") for path in files]


def report(plans: Path, count: int, seed: int) -> list[str]:
    """Measure and return the lines to print."""
    lines = []
    for each in agreements(plans):
        lines.append(
            f"{each.name}: {each.share:.2%} of {each.characters} characters as the human has them; differing: "
            f"{'; '.join(each.differences)}"
        )
    result = fuzz(sources(plans), count, seed)
    seconds = sorted(result.seconds) or [0.0]
    lines.append(
        f"{count} mutated documents: {result.compiled} compiled, {result.refused} refused with a message, "
        f"{len(result.crashes)} crashes, {result.uncovered} not wholly covered"
    )
    lines.append(
        f"seconds per document: median {seconds[len(seconds) // 2]:.3f}, "
        f"99 % below {seconds[int(len(seconds) * 0.99)]:.3f}, slowest {seconds[-1]:.3f}, over {SLOWEST_ALLOWED:.0f} s: {sum(result.slow.values())}"
    )
    return [*lines, *result.crashes[:20], *(f"slow: {done} ({n})" for done, n in result.slow.most_common(10))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.plans_text")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plans", type=Path, default=PLANS)
    options = parser.parse_args()
    sys.stdout.write("\n".join(report(options.plans, options.documents, options.seed)) + "\n")


if __name__ == "__main__":
    main()
