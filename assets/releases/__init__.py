"""What analysts see: releases written, shown, compared, made again and forgotten, what each says of itself, and what a
region lacks for one.

Not here: what a table holds (`assets.tables`) and what the committee reads (`assets.report`).
"""
