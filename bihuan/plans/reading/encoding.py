"""Which encoding a text file is in: UTF-8, UTF-16, GB18030 or Big5, told by its bytes and by how Chinese the result reads.

Nearly any Big5 text is also valid GB18030, only nonsense in it. So every decoding that is possible is read, and the
one with the largest share of frequent characters wins; what a page declares about itself decides between near equals.
"""

from __future__ import annotations

import re

from bihuan.plans.reading.errors import PlanReadError

# The characters official texts use most, simplified, and the traditional forms of those that differ.
_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日社义事平形相全"
    "表间样与关各重新线内数正心反明看原利比或但质气第向道变条只没结解问意建月公无系情者最立代已通并提直题程展五果员革位入常文总次品式"
    "活设及管特件长求基资边流路级少统接知较将组见计别期根论运农指区强放决被干做必先回则任取据处队给门即保治规领口导器压增争济思术极交"
    "受联认六共权收证改清己再采转更单切打教带安场身车例真务具每目至达议报完类离名确才科信节整空况今集传许步群记需段界律究观织装影算低"
    "持众布复容须际商非验连断深难近委备半办省列习响约支般感劳便团历市除消构府称准精值号率维划选标写存效院查型按格置派层专状育厂识适属"
    "包火住调满县局照参细引该价严患隐镇街乡企督促危险宣责落施故职训急救援巡排违章燃房培赁仓库居村园"
    "這爲為個國時來們於對會發動過說產種後學經進電裏裡現實兩體機當點從業應開還義間樣與關線內數質氣變條沒結問無並題員總設長資邊級統較將組見"
    "計別論運農區強決幹則據處隊給門規領導壓爭濟術極聯認權證採轉單帶場車務達議報類離確節況傳許羣群記觀織裝衆眾覆須際驗連斷難備辦習響約勞"
    "團歷構稱準號維劃選標寫層專狀廠識適屬調滿縣參細該價嚴隱鎮鄉險責職訓違賃倉庫園"
)
_ASIAN = re.compile(r"[\u0080-\U0010ffff]")
_UNLIKELY = re.compile(r"[\ufffd\ue000-\uf8ff\u3040-\u30ff\u0e00-\u1fff\uac00-\ud7a3]")
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s{0,3}=\s{0,3}[\"']?\s{0,3}([A-Za-z0-9_-]{2,20})", re.I)
_CODECS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "x-gbk": "gb18030", "hz": "hz", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16-le", "unicode": "utf-16-le",
}  # fmt: skip
_SAMPLE = 60_000


def decode(data: bytes, filename: str = "") -> str:
    """Return the text of a file: by its byte order mark, as UTF-8 where that is possible, else as what reads best.

    Raises PlanReadError when the bytes are no text at all.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _checked(data.decode(encoding, errors="replace"), filename)
    zeros_even, zeros_odd = data[:4000:2].count(0), data[1:4000:2].count(0)
    if zeros_odd > 20 and zeros_odd > 4 * zeros_even:
        return _checked(data.decode("utf-16-le", errors="replace"), filename)
    if zeros_even > 20 and zeros_even > 4 * zeros_odd:
        return _checked(data.decode("utf-16-be", errors="replace"), filename)
    try:
        return _checked(data.decode("utf-8"), filename)
    except UnicodeDecodeError:
        return _checked(data.decode(best_encoding(data), errors="replace"), filename)


def best_encoding(data: bytes) -> str:
    """Return the codec under which bytes that are not UTF-8 read most like Chinese."""
    sample = data[:_SAMPLE]
    declared = _DECLARED.search(sample[:4000])
    stated = _CODECS.get(declared[1].decode().lower(), "") if declared else ""
    scores = {
        codec: fluency(sample.decode(codec, errors="replace")) + (0.05 if codec == stated else 0.0)
        for codec in ("gb18030", "big5hkscs", "utf-8", "utf-16-le", "utf-16-be")
    }
    # GB18030 stands first: with nothing to tell them apart it is what Chinese offices use.
    return max(scores, key=lambda codec: scores[codec])


def fluency(text: str) -> float:
    """Return the share of frequent characters among those beyond ASCII, lowered by ones no Chinese text holds."""
    beyond = len(_ASIAN.findall(text))
    if not beyond:
        return 0.0
    frequent = sum(character in _FREQUENT for character in text)
    marks = sum(text.count(mark) for mark in "，。、；：“”（）《》")
    return (frequent + marks - 2 * len(_UNLIKELY.findall(text))) / beyond


def _checked(text: str, filename: str) -> str:
    sample = text[:20000]
    control = sum(1 for c in sample if ord(c) < 32 and c not in "\t\n\r\f\x0b")
    broken = sample.count("\ufffd")
    if sample and (control > len(sample) * 0.02 or broken > len(sample) * 0.2):
        name = f"“{filename[:60]}”" if filename else "该文件"
        raise PlanReadError(f"{name}不是可以识别的文档。请使用 .docx、.pdf、.html 或 .txt 格式的方案文件。")
    return text
