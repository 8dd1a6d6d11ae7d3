"""Texts that order no work although they number their lines: laws, lists of names, tables of figures, foreign text.

Precision goes first: a page that holds no plan must not fill an inbox with tasks.
"""

from __future__ import annotations

import re

from bihuan.plans.outline import Outline

# A statute names itself on a line of its own and is divided into articles.
_STATUTE = re.compile(
    r"(?:(?<=\n)|\A)[ \t\u3000]*[\u4e00-\u9fff（）()·]{2,40}(?:条例|(?<![办方做看说用想手])法)(?:（[^（）\n]{1,16}）)?[ \t\u3000]*(?=\n)"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LETTER = re.compile(r"[A-Za-z]")
# What an item that orders work shows: a stop inside it, a bracket of units, or a verb at its beginning.
_ORDER = re.compile(
    r"[。；，：:！]|[（(][\u4e00-\u9fff、]{2,}(?:负责|牵头|配合)"
    r"|^[\s]*(?:[查抓]|开展|加强|强化|落实|组织|完善|健全|建立|推进|推动|深化|严格|严查|排查|检查|整治|清理|督促|指导|宣传|培训|做好|完成|制定|按时|全面|规范|提升|确保|实施|新建|改造|更换|安装)"
)


def orders_work(outline: Outline, text: str) -> bool:
    """Say whether the numbered items of a text can be tasks at all."""
    roots = outline.roots
    if not roots:
        return True
    letters = len(_LETTER.findall(text))
    if letters > 4 * len(_CHINESE.findall(text)):
        return False
    if any(node.form == "article" for node in outline.walk()) and _STATUTE.search(text, 0, roots[0].start):
        return False
    if any(root.is_section for root in roots):
        return True
    leaves = [leaf for root in roots for leaf in root.leaves()]
    ordering = sum(bool(_ORDER.search(text[leaf.marker.end : leaf.end].strip())) for leaf in leaves)
    return ordering * 2 >= len(leaves)
