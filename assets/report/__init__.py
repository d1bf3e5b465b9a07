"""The monthly report and the yearly paper of co-financing: what the committee reads, made from one release and nothing else.

`reading` asks the release, `figures` declares what is shown, the modules named after a subject say what is found in it,
`charts`, `page`, `workbook`, `open_data` and `pdf` give it a form, `build` puts a paper on disk. Not here: any figure of its own.
"""
