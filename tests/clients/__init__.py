"""Programs that analysts open a release with, each in an environment of its own: `make test-clients`. They come from elsewhere, so not in
`make test`.
"""
