"""Returns as documents: what was signed, in the layout of official papers, as Word and PDF.

sheet = return_sheet(figures_of(record))
docx_bytes(sheet); pdf_of_sheet(sheet)          # bihuan.papers.official, bihuan.papers.printing
"""

from .composing import return_content, return_sheet

__all__ = ["return_content", "return_sheet"]
