"""Web pages: the article's paragraphs without scripts, navigation and page furniture."""

from __future__ import annotations

import re

from lxml import etree
from lxml import html as lxml_html

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.mapped import Mapped

_DROPPED = {
    "script", "style", "noscript", "nav", "header", "footer", "aside", "form", "button", "select", "option", "input",
    "iframe", "object", "embed", "svg", "template", "head", "textarea", "canvas", "audio", "video",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "br", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "ul", "ol",
    "dl", "dt", "dd", "blockquote", "pre", "hr", "center", "body", "html", "tbody", "thead", "caption", "figure",
}  # fmt: skip
_FURNITURE_NAME = re.compile(
    r"(?:^|[-_\s])(?:nav|menu|breadcrumb|crumbs?|sidebar|footer|header|share|toolbar|related|recommend|pager|pagination|copyright|advert|ads?|qrcode|login|search)(?:$|[-_\s])",
    re.I,
)


def read_html(text: str) -> Extracted:
    """Read a web page. No entity is resolved beyond HTML's own, nothing is fetched."""
    text = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text, count=1)
    if re.search(r"<!ENTITY", text[:20000], re.I):
        raise PlanReadError(
            "网页文件中含有实体定义，出于安全原因不予读取。请复制正文另存为 .txt 或 .docx 后再导入。"
        )
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise PlanReadError("网页文件无法解析。请在浏览器中打开，复制正文另存为 .txt 后再导入。") from error
    pieces: list[str] = []
    _collect(root, pieces)
    return Extracted(Mapped.of("".join(pieces)))


def _collect(root: etree._Element, pieces: list[str]) -> None:
    """Walk the tree without recursion (hostile pages nest deeply); block elements end a paragraph."""
    stack: list[tuple[etree._Element, bool]] = [(root, False)]
    while stack:
        element, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        if leaving:
            if tag in _BLOCKS:
                pieces.append("\n")
            elif tag in ("td", "th"):
                pieces.append(" ")
            if element.tail:
                pieces.append(_flat(element.tail))
            continue
        if not tag or tag in _DROPPED or (tag not in ("body", "html") and _is_furniture(element)):
            if element.tail:
                pieces.append(_flat(element.tail))
            continue
        if tag in _BLOCKS:
            pieces.append("\n")
        if element.text:
            pieces.append(_flat(element.text))
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))


def _flat(text: str) -> str:
    """Line breaks in HTML source are blanks; between Chinese characters they are nothing."""
    text = re.sub(
        r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*[\r\n]+[ \t]*(?=[\u3000-\u9fff\uff00-\uffef])", "", text
    )
    return re.sub(r"[ \t\r\n]+", " ", text)


def _is_furniture(element: etree._Element) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    hidden = "display:none" in (element.get("style") or "").replace(" ", "")
    if hidden or element.get("hidden") is not None:
        return True
    if not names.strip() or not _FURNITURE_NAME.search(names):
        return False
    # A page's own layout may call the article "header-content": what holds much prose stays.
    return len("".join(element.itertext())) < 600
