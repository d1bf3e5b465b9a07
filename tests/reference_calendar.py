"""data/reference/calendar.csv as the holidays library has it; `python -m tests.reference_calendar` writes the file again.

A hverdag is Monday to Friday, no public holiday, and none of the days the law on limitation sets beside them: 5 June,
24 and 31 December. 1 May stays one. Store bededag was a holiday for the last time in 2023; the library knows.
"""

from datetime import date, timedelta
from pathlib import Path

import holidays

CALENDAR = Path(__file__).resolve().parents[1] / "data" / "reference" / "calendar.csv"
FIRST, LAST = date(2007, 1, 1), date(2035, 12, 31)
NO_HVERDAG = {(6, 5): "Grundlovsdag", (12, 24): "Juleaftensdag", (12, 31): "Nytårsaftensdag"}


def text() -> str:
    """The whole file."""
    public = holidays.country_holidays("DK", years=range(FIRST.year, LAST.year + 1), language="da")
    lines, number = ["calendar_date,weekday,is_hverdag,hverdag_number,holiday_name"], 0
    for day in (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)):
        name = public.get(day) or NO_HVERDAG.get((day.month, day.day), "")
        is_hverdag = day.isoweekday() <= 5 and not name
        number += is_hverdag
        lines.append(f"{day},{day.isoweekday()},{str(is_hverdag).lower()},{number},{name}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    CALENDAR.write_text(text(), "utf-8")
