"""The commands of `ventetal`, by what they are about; `pipelines.cli` puts them together.

A new command is a function in the module it is about (or a new one) and a line in `pipelines.cli`. Not here: how results look
(`pipelines.show`, `pipelines.status_screen`).
"""
