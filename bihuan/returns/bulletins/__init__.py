"""Bulletins (日调度、周通报、月督导、季度督查): drafted from the figures of a period, edited by people, checked, issued."""
