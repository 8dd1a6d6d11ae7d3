"""The source as HTML: whole, escaped, every stretch lit by what covers it, what was left out shown at its place."""

import html as markup
import re

import pytest

from bihuan.campaigns import actions
from bihuan.campaigns.models import PlanFinding
from bihuan.campaigns.sourcepane import loose_spans
from bihuan.campaigns.workbench import Desk

from .plans import TEXT, make_draft, task

pytestmark = pytest.mark.django_db
PIECE = re.compile(r'<span class="span([^"]*)" data-at="(\d+)" data-to="(\d+)"[^>]*>([^<]*)</span>')


def pieces(document):
    """[(classes, start, end, words)] in the order of the page."""
    found = PIECE.findall(str(Desk(document, on=None).source()))
    return [(set(kinds.split()), int(at), int(to), markup.unescape(words)) for kinds, at, to, words in found]


def test_the_source_is_rendered_whole_and_escaped(world):
    text = TEXT.replace("全面排查。", "<script>alert(1)</script>")
    document = make_draft(world, text)
    assert "<script>" not in Desk(document, on=None).source()
    shown = pieces(document)
    assert "".join(words for *_, words in shown) == document.text.replace("\n", "")
    assert all(document.text[at:to] == words for _, at, to, words in shown)


def test_units_and_measures_are_marked(draft):
    marked = {(kind, words) for kinds, _, _, words in pieces(draft) for kind in kinds}
    assert ("is-measure", "限期改正") in marked
    assert ("is-unit", "市市场监管局") in marked


def test_every_stretch_of_a_task_is_claimed(draft):
    start, end = task(draft, "查充装管理").whole
    inside = [kinds for kinds, at, to, _ in pieces(draft) if start <= at and to <= end]
    assert inside
    assert all("is-claimed" in kinds for kinds in inside)


def test_what_no_element_claims_is_loose_and_so_is_what_was_removed(draft, people):
    assert "为消除餐饮场所燃气安全隐患，制定本方案" in {
        words for kinds, _, _, words in pieces(draft) if "is-loose" in kinds
    }
    item = task(draft, "摸清底数")
    actions.remove_item(item, version=1, by=people.office)
    assert item.whole in loose_spans(draft, draft.items.all())
    added = actions.add_item(
        draft, "report", by=people.office, passage="逐户登记餐饮企业", start=item.whole[0]
    )
    loose = loose_spans(draft, draft.items.all())
    assert not any(start < added.whole[1] and added.whole[0] < end for start, end in loose)


def test_a_finding_is_marked_at_its_place_and_in_the_margin(draft):
    start = draft.text.index("2026年8月20日")
    finding = PlanFinding.objects.create(
        document=draft,
        key="k",
        code="c",
        severity="error",
        start=start,
        end=start + 10,
        message="期限<不对>",
        touched=1,
    )
    shown = str(Desk(draft, on=None).source())
    assert f'href="#finding-{finding.pk}"' in shown
    assert "期限&lt;不对&gt;" in shown
    assert ({"is-error"}, start) in [(kinds & {"is-error"}, at) for kinds, at, _, _ in pieces(draft)]
    finding.state = "accepted"
    finding.save()
    assert f"#finding-{finding.pk}" not in Desk(draft, on=None).source()
