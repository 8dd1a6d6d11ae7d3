"""Both edges of a line even in the PDF: WeasyPrint widens spaces only, and Chinese has none, so signs are set wider.

GB/T 9704-2012 5.2.4 sets 28 signs a line from edge to edge; a number or a closing bracket that does not fit goes to the
next line and leaves a gap, which Word and this module spread between the Chinese signs of the line.
"""

from __future__ import annotations

import re
from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline
from weasyprint.text import line_break
from weasyprint.text.ffi import TO_UNITS, ffi, pango

# Han, kana and full-width marks; quotation marks and dashes of the same fonts.
_SIGNS = re.compile(r"[\u2014\u2018-\u201d\u2026\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+")
MOST_LOOSE = 0.25  # of the letter height between two signs; a line that needs more stays as it is
_plain_justify, _plain_set_text = inline.justify_line, line_break.Layout.set_text


def install() -> None:
    """Let WeasyPrint justify Chinese lines too. May be called twice."""
    inline.justify_line = _justify
    line_break.Layout.set_text = _set_text


def _justify(context: Any, line: Any, extra: float) -> None:
    texts = list(_texts(line))
    room = sum(len(found.group()) for box in texts for found in _SIGNS.finditer(box.text.rstrip()))
    if texts and _SIGNS.fullmatch(texts[-1].text.rstrip()[-1:] or " "):
        room -= 1  # nothing after the last sign
    if room < 5 or extra <= 0 or extra / room > MOST_LOOSE * line.style["font_size"]:
        _plain_justify(context, line, extra)
        return
    _widen(context, line, extra / room, 0.0, texts[-1])


def _texts(box: Any) -> Any:
    for child in box.children:
        if isinstance(child, boxes.TextBox):
            if child.text.strip():
                yield child
        elif isinstance(child, boxes.InlineBox):
            yield from _texts(child)


def _widen(context: Any, box: Any, spacing: float, advance: float, last: Any) -> float:
    """Set the signs of a box wider and move what stands after them; how far the next box moves."""
    if isinstance(box, boxes.TextBox):
        box.position_x += advance
        signs = sum(len(found.group()) for found in _SIGNS.finditer(box.text.rstrip()))
        if box is last and _SIGNS.fullmatch(box.text.rstrip()[-1:] or " "):
            signs -= 1
        if signs <= 0:
            return advance
        wanted = spacing * signs
        plain = _width(_layout(box, context, 0.0), box)
        # The printer halves what it adds at the ends of a run: measured once, then set to fit.
        tried = _width(_layout(box, context, spacing), box) - plain
        fitted = _layout(box, context, spacing * wanted / tried if tried > 0 else spacing)
        fitted.deactivate()
        box.pango_layout = fitted
        box.width += wanted
        return advance + wanted
    if isinstance(box, (boxes.LineBox, boxes.InlineBox)):
        before = advance
        box.position_x += advance
        for child in box.children:
            if child.is_in_normal_flow():
                advance = _widen(context, child, spacing, advance, last)
        box.width += advance - before
        return advance
    box.translate(advance, 0)
    return advance


def _layout(box: Any, context: Any, spacing: float) -> Any:
    layout = line_break.create_layout(
        box.text, box.style, context, max_width=None, justification_spacing=box.justification_spacing
    )
    layout.sign_spacing = spacing
    layout.set_text(box.text, justify=True)
    return layout


def _width(layout: Any, box: Any) -> float:
    line, _ = layout.get_first_line()
    width, _ = line_break.line_size(line, box.style)
    return float(width)


def _set_text(self: Any, text: str, justify: bool = False) -> None:
    _plain_set_text(self, text, justify)
    spacing = getattr(self, "sign_spacing", 0.0)
    if not (justify and spacing):
        return
    letter = self.style["letter_spacing"]
    units = int((spacing + (0 if letter == "normal" else letter)) * TO_UNITS)
    attributes = pango.pango_layout_get_attributes(self.layout)
    if attributes == ffi.NULL:
        attributes = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
    for found in _SIGNS.finditer(self.text):
        attribute = pango.pango_attr_letter_spacing_new(units)
        attribute.start_index = len(self.text[: found.start()].encode())
        attribute.end_index = len(self.text[: found.end()].encode())
        pango.pango_attr_list_change(attributes, attribute)
    pango.pango_layout_set_attributes(self.layout, attributes)
