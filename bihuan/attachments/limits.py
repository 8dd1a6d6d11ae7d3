"""How large a file may be, and a handler that stops reading a request that is far beyond it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MAX_PIXELS = 40_000_000
MAX_SIGNATURE_BYTES = 600 * 1024
MAX_SIGNATURE_PIXELS = 4_000_000
MAX_PDF_PAGES = 2000
MAX_PARTS = 5000
MAX_UNPACKED = 300 * 1024 * 1024
THUMBNAIL = 320
FILES_PER_REQUEST = 4


class QuotaUploadHandler(FileUploadHandler):
    """Refuses a request larger than a few full-size files before anything is written to disk.

    Goes first in FILE_UPLOAD_HANDLERS. The limit of one file, UPLOAD_MAX_BYTES, is checked where it is stored.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.UPLOAD_MAX_BYTES * FILES_PER_REQUEST:
            raise RequestDataTooBig(f"一次上传的内容超过 {FILES_PER_REQUEST} 个最大文件")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
