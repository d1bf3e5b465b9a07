"""The lake: files that come into being whole, and the small records that say what stands, what was decided, what time it is and
whose lake it is.

Here is what any room above may keep or ask of a data root, whatever its tables mean. Not here: what a delivery, a table or a
release is.
"""
