"""Marks of what is claimed already."""

from bihuan.plans.claims import Claims
from bihuan.plans.model import Span


def test_a_span_is_taken_once():
    claims = Claims(Span(10, 30), [Span(12, 15)])
    assert claims.take(Span(15, 18))
    assert not claims.take(Span(14, 16))
    assert not claims.take(Span(17, 20))
    assert claims.leave(Span(18, 30))
    assert claims.leave_at(11)
    assert not claims.leave_at(12)
    assert claims.end == 18
    assert claims.ends == {15, 18}


def test_what_lies_outside_the_stretch_is_nobodys():
    claims = Claims(Span(10, 20), [Span(0, 12), Span(19, 40)])
    assert not claims.leave(Span(5, 11))
    assert claims.leave(Span(0, 10))
    assert claims.leave(Span(20, 50))
    assert claims.leave(Span(12, 19))
