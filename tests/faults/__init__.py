"""Faults on purpose: what the promises are worth when processes, disks, clocks and deliveries misbehave."""
