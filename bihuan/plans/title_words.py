"""What official papers call themselves at the end of a title: the one list every reader of titles shares."""

from __future__ import annotations

# What a plan calls itself.
PLAN_WORDS = "方案|计划|要点|办法|意见|规划"
# What any paper that issues, orders or lays down something calls itself.
PAPER_WORDS = f"{PLAN_WORDS}|通知|规定|细则|通告"
# （试行）, （2031—2033年） behind the word.
TITLE_SUFFIX = r"(?:[（(][^（）()\n]{1,24}[）)])?"
