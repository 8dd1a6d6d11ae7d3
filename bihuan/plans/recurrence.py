"""Printed recurrences as RFC 5545 rules: 每月25日前, 每周五, 每季度末月20日前, 每年12月底前."""

from __future__ import annotations

import re

_WEEKDAYS = dict(zip("一二三四五六日天", ("MO", "TU", "WE", "TH", "FR", "SA", "SU", "SU"), strict=True))
_WORKDAYS = "BYDAY=MO,TU,WE,TH,FR"
_COUNT = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "十": 10, "首": 1}
_FREQUENCIES = (
    ("workday", r"每个?工作日"),
    ("daily", r"每[日天]|按[日天]|逐日|日报|一日一报"),
    ("fortnight", r"每(?:两|双)(?:个)?(?:周|星期)|双周报|两周一报"),
    ("weekly", r"每(?:个)?(?:周|星期)|按周|逐周|周报|[一每]周一报"),
    ("bimonthly", r"每(?:两|双|隔)个?月|双月报|两月一报"),
    ("halfmonth", r"每半个?月|半月报|半月一报"),
    ("tendays", r"每旬|旬报|按旬"),
    ("halfyear", r"每半年|半年报|按半年"),
    ("quarterly", r"每(?:一?个)?季|按季|逐季|季报|[一每]季一报|季度报"),
    ("monthly", r"每(?:个)?月|按月|逐月|月报|[一每]月一报"),
    ("yearly", r"每(?:个)?年|年报|按年|逐年"),
)
_QUARTER_MONTHS = {"first": "1,4,7,10", "second": "2,5,8,11", "last": "3,6,9,12"}


def rrule_of(when: str, context: str = "") -> str:
    """Return the recurrence of a time phrase as an RFC 5545 rule, or "" for a single date.

    The rule names the last day the phrase allows (每月25日前 -> FREQ=MONTHLY;BYMONTHDAY=25; 每月底前 -> the last day).
    A phrase such as 次月5日前 takes its frequency from its sentence, `context` (每月…). 初 and 上旬 end on the 10th,
    中旬 on the 20th. Several days that no single rule can name leave the bare frequency.
    """
    kind = _kind(when) or (_kind(context) if re.match(r"[次当下本]|[月季年周]", when) else "")
    if not kind and re.match(r"(?:次|当|下|本)个?月|月", when):
        kind = "monthly"
    if not kind and re.match(r"(?:次|当|下|本)?(?:一?个)?季", when):
        kind = "quarterly"
    if not kind and re.match(r"(?:次|当|下|本)?(?:周|星期)", when):
        kind = "weekly"
    match kind:
        case "daily":
            return "FREQ=DAILY"
        case "workday":
            return f"FREQ=WEEKLY;{_WORKDAYS}"
        case "weekly" | "fortnight":
            return _weekly(when, "FREQ=WEEKLY" if kind == "weekly" else "FREQ=WEEKLY;INTERVAL=2")
        case "bimonthly":
            return "FREQ=MONTHLY;INTERVAL=2"
        case "halfmonth":
            return "FREQ=MONTHLY;BYMONTHDAY=15,-1"
        case "tendays":
            return "FREQ=MONTHLY;BYMONTHDAY=10,20,-1"
        case "monthly":
            return _monthly(when)
        case "quarterly":
            return _quarterly(when)
        case "halfyear":
            return _half_yearly(when)
        case "yearly":
            return _yearly(when)
    return ""


def _kind(text: str) -> str:
    return next((kind for kind, pattern in _FREQUENCIES if re.search(pattern, text)), "")


def _weekly(when: str, base: str) -> str:
    found = re.search(
        r"(?:周|星期)([一二三四五六日天](?:[、和及](?:周|星期)?[一二三四五六日天])*)(?!个)", when
    )
    if found:
        days = [_WEEKDAYS[c] for c in found.group(1) if c in _WEEKDAYS]
        return f"{base};BYDAY={','.join(dict.fromkeys(days))}"
    return f"{base};BYDAY=SU" if re.search(r"(?:周|星期)末", when) else base


def _monthly(when: str) -> str:
    last = re.search(r"最后(?:一|1)个?(工作日|天|日|周[一二三四五六日天]|星期[一二三四五六日天])", when)
    if last:
        if last.group(1) == "工作日":
            return f"FREQ=MONTHLY;{_WORKDAYS};BYSETPOS=-1"
        weekday = _WEEKDAYS.get(last.group(1)[-1]) if last.group(1)[0] in "周星" else None
        return f"FREQ=MONTHLY;BYDAY=-1{weekday}" if weekday else "FREQ=MONTHLY;BYMONTHDAY=-1"
    counted = re.search(
        r"(?:前|第|后)?\s?(\d{1,2}|[一二两三四五六十首])\s?个?(工作日|周[一二三四五六日天]|星期[一二三四五六日天])",
        when,
    )
    if counted and counted.group(0)[0] not in "周星":
        number = _number(counted.group(1))
        if counted.group(2) == "工作日":
            return f"FREQ=MONTHLY;{_WORKDAYS};BYSETPOS={number}"
        return f"FREQ=MONTHLY;BYDAY={number}{_WEEKDAYS[counted.group(2)[-1]]}"
    return _with_days("FREQ=MONTHLY", when)


def _quarterly(when: str) -> str:
    after = re.search(
        r"(?:末次月|次月|下月|下一?个?季度首?月?|首月|第一个?月|第1个月|季初|季度初|结束后|后)", when
    )
    second = re.search(r"第(?:二|2)个?月|中间月", when)
    last = re.search(r"(?:末月|最后一个?月|第(?:三|3)个?月|当季末)", when)
    within = re.search(
        r"末\s?(\d{1,2})\s?个?(?:工作)?日(?:之|以)?内|结束后\s?(\d{1,2})\s?个?(?:工作)?日", when
    )
    if within:
        number = int(within.group(1) or within.group(2))
        if "工作日" in within.group():
            return f"FREQ=MONTHLY;BYMONTH={_QUARTER_MONTHS['first']};{_WORKDAYS};BYSETPOS={number}"
        return f"FREQ=YEARLY;BYMONTH={_QUARTER_MONTHS['first']};BYMONTHDAY={number}"
    if last or second or after:
        months = _QUARTER_MONTHS["last" if last else "second" if second else "first"]
        return _with_days(f"FREQ=YEARLY;BYMONTH={months}", when, bare="")
    if re.search(r"季度?[末底]", when):
        base = f"FREQ=YEARLY;BYMONTH={_QUARTER_MONTHS['last']}"
        return _with_days(base, when, bare=";BYMONTHDAY=-1")
    if re.search(r"\d\s?[日号]", when):
        return _with_days(f"FREQ=YEARLY;BYMONTH={_QUARTER_MONTHS['last']}", when)
    return "FREQ=MONTHLY;INTERVAL=3"


def _half_yearly(when: str) -> str:
    if re.search(r"半年[末底]|[末底]", when) or re.search(r"\d\s?[日号]", when):
        return _with_days("FREQ=YEARLY;BYMONTH=6,12", when, bare=";BYMONTHDAY=-1")
    return "FREQ=MONTHLY;INTERVAL=6"


def _yearly(when: str) -> str:
    places = re.findall(r"(\d{1,2})\s?月(?:份)?\s?(?:(\d{1,2})\s?[日号]|(底|末|上旬|中旬|下旬|初))?", when)
    if places:
        days = {_day_of(day, part) for _, day, part in places}
        if len(places) > 1 and places[0][1:] == ("", ""):
            # 每年6月、12月底前: the part belongs to all of them.
            days.discard("")
        months = ",".join(str(int(month)) for month, _, _ in places if 1 <= int(month) <= 12)
        if len(days) > 1:
            return "FREQ=YEARLY"
        day = next(iter(days), "")
        return f"FREQ=YEARLY;BYMONTH={months}" + (f";BYMONTHDAY={day}" if day else ";BYMONTHDAY=-1")
    if re.search(r"年[年度]?[底末]", when):
        return "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"
    return "FREQ=YEARLY"


def _day_of(day: str, part: str) -> str:
    if day:
        return str(int(day))
    return {"底": "-1", "末": "-1", "下旬": "-1", "上旬": "10", "初": "10", "中旬": "20"}.get(part, "")


def _with_days(base: str, when: str, bare: str = "") -> str:
    """Add the days of the month a phrase prints; days that short months lack fall on their last day."""
    days = [int(day) for day in re.findall(r"(\d{1,2})(?=\s?[日号]|、\d{1,2}(?:、\d{1,2})*\s?[日号])", when)]
    days = [day for day in dict.fromkeys(days) if 1 <= day <= 31]
    if days == [31]:
        return f"{base};BYMONTHDAY=-1"
    if len(days) == 1 and days[0] > 28 and base == "FREQ=MONTHLY":
        choice = ",".join(str(day) for day in range(28, days[0] + 1))
        return f"{base};BYMONTHDAY={choice};BYSETPOS=-1"
    if days:
        return f"{base};BYMONTHDAY={','.join(str(day) for day in days)}"
    for pattern, day in ((r"上旬|月初|初", "10"), (r"中旬", "20"), (r"下旬|[月年]?[底末]", "-1")):
        if re.search(pattern, when) and not (day == "-1" and bare == ";BYMONTHDAY=-1"):
            return f"{base};BYMONTHDAY={day}"
    return base + bare


def _number(printed: str) -> int:
    return int(printed) if printed.isdigit() else _COUNT.get(printed, 1)
