"""Reading a form: our own export, or anybody's."""

from __future__ import annotations

from bihuan.checklists.xlsform.foreign import Defaults, read_foreign
from bihuan.checklists.xlsform.own import is_own, read_own
from bihuan.checklists.xlsform.workbook import Imported, open_form


def import_form(
    data: bytes,
    filename: str,
    *,
    key: str = "imported",
    prefix: str = "IMP",
    link: str = "use",
    kinds: tuple[str, ...] = (),
) -> Imported:
    """Return the book in an XLSForm workbook.

    Our own export comes back as the identical book. Any other ODK or Kobo form is taken over as far as it is
    understood; `Imported.notices` then names every row that was not, and ``key``, ``prefix`` (of the codes), ``link``
    and ``kinds`` say what the form itself cannot. Raises SheetError for a file that is no table or a hostile one,
    FormError (sheet and row number of every fault) for a form that cannot become a book.
    """
    form = open_form(data, filename)
    if is_own(form):
        return Imported(read_own(form), is_own=True)
    return read_foreign(form, Defaults(key, prefix, link, kinds))
