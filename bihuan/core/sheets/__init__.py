"""Tables that people send and take away: reading, matching columns, marking errors, writing."""

from bihuan.core.sheets.guard import SheetError
from bihuan.core.sheets.marking import ISSUE_COLUMN, mark_rows
from bihuan.core.sheets.matching import FieldSpec, match_columns, missing_required
from bihuan.core.sheets.reading import Row, Table, read_table, sheet_names
from bihuan.core.sheets.writing import Column, write_csv, write_rows, write_rows_to

__all__ = [
    "ISSUE_COLUMN",
    "Column",
    "FieldSpec",
    "Row",
    "SheetError",
    "Table",
    "mark_rows",
    "match_columns",
    "missing_required",
    "read_table",
    "sheet_names",
    "write_csv",
    "write_rows",
    "write_rows_to",
]
