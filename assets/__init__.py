"""What the pipeline makes: the lake, the tables computed on it and the release published from it."""
