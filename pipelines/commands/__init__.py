"""The commands of `ventetal`, by what they are about; `pipelines.cli` puts them together."""
