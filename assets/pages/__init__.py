"""What every page and file for readers shares: the base page and its style, Danish numbers and days, the words of qualifiers, CSV.

Not here: what stands on a page, and any figure.
"""
