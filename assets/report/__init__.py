"""The monthly report: what the committee reads, made from one release and nothing else.

`reading` asks the release, `figures` declares what is shown, the modules named after a subject say what is found in it,
`charts`, `page`, `workbook`, `open_data` and `pdf` give it a form, `build` puts a month on disk. Not here: any figure of its own.
"""
