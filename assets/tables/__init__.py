"""From records in force to tables: each computed from what it declares, protected, judged, and kept together domain by domain.

Here is what a version of a table is, which versions stand, and what has been withheld and published of persons.
Not here: what analysts see of them (`assets.releases`).
"""
