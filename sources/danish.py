"""How Danish files spell months; nothing else about Denmark lives here."""

MONTHS = ("januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december")


def month_numbers() -> dict[str, int]:
    """Full and three-letter names, lower case, to 1-12."""
    return {spelling: n for n, name in enumerate(MONTHS, start=1) for spelling in (name, name[:3])}
