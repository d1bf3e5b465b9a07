"""How extracts arrive: contracts, layouts and the readers that turn a delivered file into records."""
