"""Finding rows by words, two Chinese characters included, on both databases.

`grams` writes text as pairs of neighbouring characters, `Entry` keeps them, `finding` pages through what fits.
"""
