"""Measurements, run by `make bench` and by nobody else: ratios within one run, since the machine is shared."""
