"""Letters of responsibility of a listing: one letter, both sides sign."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..forms import LetterForm
from ..standing import may_sign_letter
from ..workflow import LetterMove, LetterStatus
from . import listing_or_404, user_of


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_LISTINGS)
def letter(request: Request, pk: int, letter_pk: int) -> HttpResponse:
    """Read a letter, and sign the side that is one's own."""
    listing, user = listing_or_404(request, pk), user_of(request)
    row = get_object_or_404(listing.letters.select_related("giver", "receiver", "paper"), pk=letter_pk)
    row.listing = listing
    sides = [
        (LetterMove.SIGN_GIVER, row.giver_signed, "签发方", row.giver_name),
        (LetterMove.SIGN_RECEIVER, row.receiver_signed, "承诺方", row.receiver_name),
    ]
    asks_name = row.receiver_id is None
    status, form = 200, LetterForm(required=asks_name)
    if request.method == "POST":
        move = request.POST.get("move", "")
        if move not in (LetterMove.SIGN_GIVER, LetterMove.SIGN_RECEIVER) or not may_sign_letter(
            user, row, move
        ):
            raise PermissionDenied
        receives = move == LetterMove.SIGN_RECEIVER
        named = asks_name if receives else row.is_of_government
        form = LetterForm(request.POST if named else None, required=receives)
        given = form.cleaned_data if named and form.is_valid() else {}
        try:
            actions.sign_letter(row, move, image=request.POST.get("signature", ""), by=user, **given)
        except Refused as error:
            messages.warning(request, str(error))
            status = 422
        else:
            messages.success(request, "已签字")
            return redirect(row.get_absolute_url())
    inked = {each.role: each for each in files.signatures_of(row)}
    unsigned = [name for _, signed, _, name in sides if not signed]
    context = {
        "listing": listing,
        "letter": row,
        "waiting_for": unsigned[0] if row.status == LetterStatus.HALF else "",
        "form": form,
        "asks_name": asks_name,
        "leader_form": LetterForm(required=False, auto_id="id_leader_%s") if row.is_of_government else None,
        "sides": [
            (
                move,
                signed,
                side,
                name,
                not signed and may_sign_letter(user, row, move),
                inked.get("giver" if move == LetterMove.SIGN_GIVER else "receiver"),
            )
            for move, signed, side, name in sides
        ],
    }
    return render(request, "listings/letter.html", context, status=status)
