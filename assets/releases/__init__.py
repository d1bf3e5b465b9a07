"""What analysts see: releases written, shown, compared, made again and forgotten, and what each says of itself.

Not here: what a table holds (`assets.tables`) and what the committee reads (`assets.report`).
"""
