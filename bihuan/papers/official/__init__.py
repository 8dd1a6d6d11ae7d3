"""Papers in the layout of GB/T 9704-2012, as PDF and as Word, from one description of what is printed.

`Sheet` is an issued paper or the draft of one; `pdf.pdf_bytes` and `word.docx_bytes` print it. PDF takes pango and is
imported where it is needed only.
"""

from .sheets import Sheet, draft_sheet, sheet_of
from .word import docx_bytes

__all__ = ["Sheet", "docx_bytes", "draft_sheet", "sheet_of"]
