"""What kind of file this is, told from its first bytes."""

from __future__ import annotations

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
FOREIGN = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"MZ", b"\x7fELF")


def is_pdf(data: bytes) -> bool:
    """Whether a PDF begins within the first kilobyte, as readers allow."""
    return b"%PDF-" in data[:1024]
