"""From landing to the records in force: files taken in and acknowledged, which of them count, what they cover.

Here is what concerns one extract. Not here: reading a file (`sources`), and tables computed from several extracts (`assets.tables`).
"""
