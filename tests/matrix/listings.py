"""Pages of `listings`, judged as tests/matrix/pages.py judges the others.

A major hazard of the noodle shop, reported by the housing bureau and listed by the county's office; another one waits for
its first signature after the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
listings:list                 | GET      | list      | OL OO DL DO LL LO EM IS |
listings:candidates           | GET      | list      | desk                |
listings:begin                | GET POST | street    | desk                |
listings:export               | GET POST | list      | OL OO DL DO LL LO IS |
listings:policies             | GET      | list      | OL OO DL DO LL LO EM IS |
listings:policies post        | POST     | list      | OO                  |
listings:register             | GET      | list      | public              |
listings:public               | GET      | list      | public              |
listings:detail               | GET      | street    | OL OO DL DO LL LO EM IS |
listings:sign                 | GET      | street    | OL OO DL DO LL LO EM IS |
listings:sign_pdf             | GET      | street    | OL OO DL DO LL LO EM IS |
listings:edit                 | GET POST | street    | DO                  |
listings:examination          | GET POST | street    | OO                  |
listings:letter               | GET      | street    | OL OO DL DO LL LO EM IS |
listings:letter sign          | POST     | street    | OL                  |
listings:act submit           | POST     | street    | DO                  |
listings:act withdraw         | POST     | street    | DO                  |
listings:act sign             | POST     | street    | DL OL OO DO         |
listings:act acknowledge      | POST     | street    | EM                  |
listings:act plan             | POST     | street    | EM                  |
listings:act progress         | POST     | street    | EM                  |
listings:act apply            | POST     | street    | EM                  |
listings:act effect           | POST     | street    | EM                  |
listings:act extension        | POST     | street    | EM                  |
listings:act visit            | POST     | street    | OL OO DL DO LL LO   |
listings:act publish          | POST     | street    | OO                  |
listings:act expose           | POST     | street    | OO                  |
listings:act report-up        | POST     | street    | OO                  |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "listings:detail": {"pk": "listing"},
    "listings:sign": {"pk": "listing"},
    "listings:sign_pdf": {"pk": "listing"},
    "listings:edit": {"pk": "listing"},
    "listings:examination": {"pk": "listing"},
    "listings:letter": {"pk": "listing", "letter_pk": "listing_letter"},
    "listings:act": {"pk": "listing", "key": "="},
    "listings:public": {"code": "listing_code"},
}
QUERIES: dict[str, dict[str, str]] = {"listings:begin": {"hazard": "listing_hazard"}}
BODIES: dict[str, dict[str, str]] = {
    "listings:policies post": {"what": "=clocks", "rule_set": "=ningbo", "document": "=云安〔2026〕1号"},
    "listings:letter sign": {"move": "=sign_giver"},
}
MARKS: dict[str, str] = {"listings:list": "好味来面馆燃气管道被占压"}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    from bihuan.hazards.tests.factories import make_major
    from bihuan.listings import actions
    from bihuan.listings.tests import factories as make

    world = stage.world
    listing = make.submitted(world)
    actions.sign_step(make.running(listing), agreed=True, by=stage.inside["DL"])
    actions.sign_step(make.running(listing), agreed=True, by=stage.inside["OL"])
    county = stage.inside["OO"]
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(county), by=county)
    listing = make.again(listing)
    notice = listing.notices.get(purpose="listing")
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=county)
    return {
        "listing": listing.pk,
        "listing_code": listing.code,
        "listing_letter": listing.letters.get(position=1).pk,
        "listing_hazard": make_major(world, description="液化气瓶组间没有泄漏报警").pk,
    }
