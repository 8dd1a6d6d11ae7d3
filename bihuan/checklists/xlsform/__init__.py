"""Checklists as XLSForm workbooks, so that ODK and Kobo forms and the skills of those who make them carry over.

`export_form` writes a book so that nothing is lost; `import_form` reads our own export back as the identical book, and
any other ODK or Kobo form as far as it can be understood, naming every row that was not taken over.
"""

from bihuan.checklists.xlsform.reading import import_form
from bihuan.checklists.xlsform.workbook import FormError, Imported, Notice
from bihuan.checklists.xlsform.writing import export_form

__all__ = ["FormError", "Imported", "Notice", "export_form", "import_form"]
