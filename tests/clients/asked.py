"""The ten questions that every client answers, and how an answer is written so that two can be compared. Needs no library."""

import json
from pathlib import Path

QUESTIONS = json.loads((Path(__file__).parent / "questions.json").read_text("utf-8"))


def sql_of(asked, schema):
    """A question of the marts, or of the views, as SQL that every engine reads: the sum of a measure by a column, both of them texts."""
    words = asked["view"] if schema == "main" else asked
    limits = " and ".join(f"cast(\"{column}\" as varchar) = '{value}'" for column, value in words["where"].items())
    total = f'cast(cast(sum("{words["measure"]}") as double) as varchar)'
    return f'select cast("{words["by"]}" as varchar) as who, {total} as total from {schema}.{asked["table"]} where {limits} group by 1'


def answer(rows):
    """Pairs of who and how much as one text; sums of fractions differ in their last digits, and what is withheld has no number."""
    return {str(who)[:40]: None if total is None else f"{float(total):.6f}" for who, total in sorted(rows, key=lambda r: str(r[0]))}
