"""The project's tests; run from the root with `make test`."""
