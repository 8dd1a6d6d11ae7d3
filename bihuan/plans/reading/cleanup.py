"""What all readers share: blanks, web furniture, pinyin notes, and flags for what cannot be repaired (R269)."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f]")
_BLANKS = " \t\u3000\xa0\u2002\u2003\u2009"
_PINYIN = re.compile(r"(?<=[\u4e00-\u9fff])[(（]\s?[a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,7}\s?[)）]")
_TONED = re.compile(r"[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]")
# Lines of a web page that are never part of a plan; whole lines only.
_FURNITURE = re.compile(
    r"(?:[•·*\s]*(?:"
    r"【?\s*字体[:：]?.{0,24}|【?(?:打印|关闭)(?:文本|本页|窗口|页面)?】?.{0,12}|责任编辑\s*[:：].{0,20}|扫一扫.{0,24}|分享(?:到|至)?\s*[:：]?.{0,30}|上一篇\s*[:：].{0,80}|下一篇\s*[:：].{0,80}"
    r"|(?:您|你)?(?:当前|所在)?(?:的)?位置\s*[:：].{0,80}|浏览次数\s*[:：]?.{0,12}|阅读(?:次数|量)\s*[:：]?.{0,12}|点击(?:数|率|量)\s*[:：]?.{0,12}|返回(?:顶部|首页|列表)|相关(?:链接|阅读|文章|推荐)\s*[:：]?"
    r"|版权所有.{0,60}|.{0,12}ICP备.{0,30}|.{0,12}公安?网备.{0,30}|网站地图.{0,40}|主办单位\s*[:：].{0,40}|技术支持\s*[:：].{0,40}|无障碍.{0,12}|(?:微信|微博|QQ空间)(?:\s+(?:微信|微博|QQ空间))*"
    r"|预览阅读已结束.{0,60}|.{0,30}(?:咨询|联系)(?:在线)?客服.{0,30}|.{0,20}不代表本站观点.{0,40}|登录后.{0,30}|免费(?:下载|试读).{0,20}|\[?📄?\s*点击下载.{0,200}"
    r")\s*)"
)
_TRADITIONAL = set(
    "產責實關於處開應將經進發現場險險歷學說領導機構團際點們這國務單質監檢標準預請與為來時個對業區縣"
)
_LOST = re.compile(r"[\ufffd□]|[\ue000-\uf8ff]")


def clean(paragraphs: list[str]) -> tuple[str, list[str]]:
    """Return the text with one paragraph per line and the notices about what was dropped or is broken."""
    notices: list[str] = []
    kept: list[str] = []
    furniture = 0
    for paragraph in paragraphs:
        for raw in paragraph.split("\n"):
            line = _INVISIBLE.sub("", raw).strip(_BLANKS + "\r")
            line = re.sub(rf"[{_BLANKS}]{{2,}}", lambda m: "\u3000" if "\u3000" in m.group() else " ", line)
            if not line:
                continue
            if len(line) <= 220 and _FURNITURE.fullmatch(line):
                furniture += 1
                continue
            kept.append(line)
    text = "\n".join(_without_repeats(kept))
    text, notes = _drop_pinyin(text)
    if furniture:
        notices.append(f"已略去 {furniture} 行网页导航、字体、编辑等无关文字。")
    if notes:
        notices.append(f"已去除 {notes} 处夹注的拼音。")
    lost = _LOST.findall(text)
    if lost:
        notices.append(
            f"有 {len(lost)} 处文字在原文件中已损坏（显示为方框或问号），无法恢复，请对照原件核对。"
        )
    sample = text[:20000]
    traditional = sum(1 for c in sample if c in _TRADITIONAL)
    if traditional > max(10, len(sample) // 100):
        notices.append("原文为繁体字，按原样保留；部分条目可能识别不出，请人工补充。")
    return text, notices


def _without_repeats(lines: list[str]) -> list[str]:
    """Drop a line that repeats the line before it: web pages print the title twice."""
    return [line for i, line in enumerate(lines) if i == 0 or line != lines[i - 1] or len(line) < 6]


def _drop_pinyin(text: str) -> tuple[str, int]:
    """Remove pinyin notes (區(qū)); only when toned notes show that the text is annotated."""
    notes = _PINYIN.findall(text)
    if sum(1 for note in notes if _TONED.search(note)) < 5:
        return text, 0
    return _PINYIN.sub("", text), len(notes)
