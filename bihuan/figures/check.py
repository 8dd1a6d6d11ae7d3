"""All checks over one text, findings and confirmations each once and in printed order."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.figures.compared import bases, parts_changed
from bihuan.figures.model import FigureReport, Relation
from bihuan.figures.quantities import Sentence, sentences
from bihuan.figures.rates import changes, rates, shares, shares_together
from bihuan.figures.sums import among, listed, rest

# A whole may stand up to this many sentences before its 其中.
_REACH = 2
# A share may refer to a whole further up in its paragraph.
_REACH_OF_SHARES = 12


def check_figures(text: str) -> FigureReport:
    """Read a narrative report and compare its figures with each other. Never raises; prose without figures gives nothing.

    Asserted are sums of parts, rates, shares, changes against a former period, remainders; a number printed rounded
    (1.4万) or rough (600多家) is taken as what it can stand for.
    """
    found: dict[frozenset[tuple[int, int]], tuple[Relation, bool]] = {}
    for relation, holds in _relations(sentences(text)):
        found.setdefault(frozenset(relation.spans), (relation, holds))
    ordered = sorted(found.values(), key=lambda pair: pair[0].spans[0])
    return FigureReport(
        [relation for relation, holds in ordered if not holds],
        [relation for relation, holds in ordered if holds],
    )


def _relations(found: list[Sentence]) -> Iterator[tuple[Relation, bool]]:
    for at, sentence in enumerate(found):
        if not sentence.quantities:
            continue
        near = [s for s in found[max(0, at - _REACH) : at] if s.paragraph == sentence.paragraph]
        far = [s for s in found[max(0, at - _REACH_OF_SHARES) : at] if s.paragraph == sentence.paragraph]
        earlier = [q for s in far for q in s.quantities]
        yield from among(near, sentence)
        yield from listed(sentence)
        yield from rest(sentence, found[at + 1] if at + 1 < len(found) else None)
        yield from rates(sentence, earlier)
        yield from shares(sentence, earlier)
        yield from shares_together(sentence)
        yield from changes(sentence)
        yield from bases(sentence)
        yield from parts_changed(near, sentence)
