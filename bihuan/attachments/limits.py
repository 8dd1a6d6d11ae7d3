"""How large a file may be."""

from __future__ import annotations

MAX_PIXELS = 40_000_000
MAX_SIGNATURE_BYTES = 600 * 1024
MAX_SIGNATURE_PIXELS = 4_000_000
MAX_PDF_PAGES = 2000
MAX_PARTS = 5000
MAX_UNPACKED = 300 * 1024 * 1024
THUMBNAIL = 320
# A request may carry this many files of the largest size; beyond that not a byte of it is read.
FILES_PER_REQUEST = 4
