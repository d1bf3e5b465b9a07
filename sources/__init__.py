"""How extracts arrive: a folder for each with its contract and layouts, and the readers that turn a delivered file into records.

Here too, since every room stands on it: settings, errors, and how DuckDB is opened. Not here: what lies in a lake (`assets`).
"""
