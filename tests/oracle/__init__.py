"""The published figures recomputed from the delivered files with pandas alone: nothing here may import the project."""
