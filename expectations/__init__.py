"""What every table promises: fields and contracts of tables, the rules that follow from them, and how Great Expectations judges them.

Not here: contracts of what is delivered (`sources`), and what follows from a rule that fails (`assets.tables`).
"""
