"""Real public extracts, read with contracts and layouts alone."""
