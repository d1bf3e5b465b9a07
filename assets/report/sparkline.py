"""A course so small that it stands in a cell: its line, its last month, and the target."""

from datetime import date

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 96, 24, 3


def sparkline(points: list[tuple[date, float]], target: float | None) -> Markup:
    """Months and values, oldest first, as a picture without words. No line crosses a month that is missing."""
    numbers = [12 * day.year + day.month for day, _ in points]
    values = [value for _, value in points]
    reach = values if target is None else [*values, target]
    low, high = min(reach), max(reach)

    def x(number: int) -> float:
        return EDGE + (number - numbers[0]) / ((numbers[-1] - numbers[0]) or 1) * (WIDTH - 2 * EDGE)

    def y(value: float) -> float:
        return HEIGHT - EDGE - (value - low) / ((high - low) or 1) * (HEIGHT - 2 * EDGE)

    steps = [
        f"{'L' if place and number - numbers[place - 1] == 1 else 'M'}{x(number):.1f} {y(value):.1f}"
        for place, (number, value) in enumerate(zip(numbers, values, strict=True))
    ]
    aim = f'<path class="aim" d="M0 {y(target):.1f}H{WIDTH}"/>' if target is not None else ""
    dot = f'<circle cx="{x(numbers[-1]):.1f}" cy="{y(values[-1]):.1f}" r="2.5"/>'
    return Markup(
        f'<svg class="spark" aria-hidden="true" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'{aim}<path d="{"".join(steps)}"/>{dot}</svg>'
    )
