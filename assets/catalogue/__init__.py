"""The catalogue of a release: pages on which an analyst finds a table, what it means and where it comes from, and its rows.

`reading` asks the release, `origins` follows columns to their supplier, `tables`, `answers` and `changes` say what stands on a page,
`page` gives it a form, `build` puts it on disk. Not here: any figure of its own.
"""
