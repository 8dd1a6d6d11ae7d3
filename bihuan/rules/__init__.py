"""Dated domain rules (领域规则): calendars, clocks, codes, criteria. Pure Python, no Django.

Every record in ``data/`` carries source, document number, effective period and whether it was checked
against the text; the rule in force on the day of the act applies.
"""
