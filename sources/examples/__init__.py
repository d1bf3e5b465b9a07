"""An invented health region whose deliveries reproduce the published figures.

Not here: anything a region of its own would use.
"""
