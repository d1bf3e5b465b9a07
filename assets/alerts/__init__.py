"""Who must be told: what needs a person after a run, in which words, and by which channels.

Not here: what a run makes of it, which is the business of the rooms below.
"""
