"""Mutants of the project's SQL, and whether the drawn tests notice them. See README.md beside this."""
