"""The report's pictures as SVG that stands in the page: no script, no font, no request; titles tell the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 480, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 20, 60
COLOURS = ("#b3423a", "#d98b2b", "#4a7fb5", "#7a6aa8")
SHAPE = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')


class Plot:
    """A plane with two axes, in which a picture draws."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], label: str, labels: tuple[str, str]) -> None:
        self._x, self._y, self._label = x, y, label
        self._marks: list[Markup] = []
        self._axes(*labels)

    def across(self, value: float) -> float:
        low, high = self._x
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 2)

    def up(self, value: float) -> float:
        low, high = self._y
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 2)

    def add(self, mark: str, *values: object) -> None:
        self._marks.append(Markup(mark).format(*values))

    def line(self, start: tuple[float, float], end: tuple[float, float], style: str) -> None:
        (a, b), (c, d) = start, end
        ends = self.across(a), self.up(b), self.across(c), self.up(d)
        self.add('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>', *ends, style)

    def text(self, x: float, y: float, words: str, anchor: str = "middle") -> None:
        self.add('<text x="{}" y="{}" text-anchor="{}" class="halo">{}</text>', x, y, anchor, words)

    def polygon(self, points: Iterable[tuple[float, float]], colour: str, title: str) -> None:
        places = " ".join(f"{self.across(x)},{self.up(y)}" for x, y in points)
        self.add('<polygon points="{}" fill="{}"><title>{}</title></polygon>', places, colour, title)

    def _axes(self, across: str, up: str) -> None:
        for value in _ticks(*self._x):
            self.line((value, self._y[0]), (value, self._y[1]), "grid")
            self.text(self.across(value), HEIGHT - BOTTOM + 18, f"{value:g}")
        for value in _ticks(*self._y):
            self.line((self._x[0], value), (self._x[1], value), "grid")
            self.text(LEFT - 8, self.up(value) + 4, f"{value:g}", "end")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across)
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.add('<text transform="translate(14 {}) rotate(-90)" text-anchor="middle">{}</text>', middle, up)

    def svg(self) -> Markup:
        return SHAPE.format(WIDTH, HEIGHT, self._label, Markup("").join(self._marks))


def _ticks(low: float, high: float) -> list[float]:
    """Round values, about five of them."""
    step = next(
        size * 10.0**power for power in range(-6, 6) for size in (1, 2, 5) if (high - low) / (size * 10.0**power) <= 6
    )
    first = int(low / step)
    return [round(number * step, 9) for number in range(first, int(high / step + 1e-9) + 1) if number * step >= low]


def reliability_plot(found: Mapping[str, Any], about: str) -> Markup:
    """Confidence against share right: on the diagonal a confidence means what it says. Larger dots, more answers."""
    plot = Plot((0, 1), (0, 1), f"Reliability of confidences, {about}", ("confidence", "share right"))
    plot.line((0, 0), (1, 1), "ideal")
    most = max((each["of"] for each in found["bins"]), default=1)
    for each in found["bins"]:
        x, (low, high) = each["confidence"], each["interval"]
        plot.line((x, low), (x, high), "whisker")
        title = f"confidence {x:.2f}: {each['hits']} of {each['of']} right"
        dot = plot.across(x), plot.up(each["share"]), round(4 + 8 * (each["of"] / most) ** 0.5, 1)
        plot.add('<circle cx="{}" cy="{}" r="{}" fill="{}"><title>{}</title></circle>', *dot, COLOURS[2], title)
        # On the left below the diagonal, on the right above it: there is room.
        aside, below, anchor = (-14, -8, "end") if x > 0.5 else (12, 16, "start")
        plot.text(dot[0] + aside, dot[1] + below, str(each["of"]), anchor)
    return plot.svg()


def cost_plot(found: Mapping[str, Any]) -> Markup:
    """What a message costs at each threshold, by kind of mistake, with the chosen and the shipped threshold."""
    curve: Sequence[Mapping[str, Any]] = found["curve"]
    top = max(point["cost"] for point in curve) * 1.15 or 1.0
    right = max(point["answer"] for point in curve) or 1.0
    plot = Plot((0, right), (0, top), "Cost of a message by threshold", ("answer from score", "cost"))
    base = [0.0] * len(curve)
    for colour, name in zip(COLOURS, mistakes(found), strict=True):
        above = [low + point["by_mistake"][name] for low, point in zip(base, curve, strict=True)]
        xs = [point["answer"] for point in curve]
        plot.polygon([*zip(xs, above, strict=True), *reversed(list(zip(xs, base, strict=True)))], colour, name)
        base = above
    thresholds = {name: found[name]["answer"] for name in ("shipped", "chosen")}
    for name, x in thresholds.items():
        plot.line((x, 0), (x, top), name)
    for number, (name, x) in enumerate(thresholds.items()):
        aside, anchor = (-4, "end") if plot.across(x) > WIDTH / 2 else (4, "start")
        plot.text(plot.across(x) + aside, TOP + 12 + 15 * number, f"{name} {x:.3f}", anchor)
    return plot.svg()


def mistakes(found: Mapping[str, Any]) -> list[str]:
    """The kinds of mistakes in the order in which the cost plot stacks and colours them."""
    return list(found["curve"][0]["by_mistake"])


def confusion_matrix(cells: Iterable[tuple[str, str, int]], about: str) -> Markup:
    """Wanted down, given across: blue is right, red is a mistake, darker is more often."""
    counts = {(wanted, given): count for wanted, given, count in cells}
    names = sorted({name for pair in counts for name in pair})
    place = {name: number for number, name in enumerate(names)}
    total = {name: sum(count for (wanted, _), count in counts.items() if wanted == name) for name in names}
    step, margin = 14, 150
    marks = [
        Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(margin - 4, y, short(name))
        + Markup('<text transform="translate({} {}) rotate(-90)">{}</text>').format(y + 1, margin - 4, short(name))
        for name in names
        for y in [margin + place[name] * step + step - 4]
    ]
    for (wanted, given), count in sorted(counts.items()):
        share = count / total[wanted]
        marks.append(
            Markup(
                '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{}"><title>{}</title></rect>'
            ).format(
                *(margin + place[given] * step, margin + place[wanted] * step, step - 1, step - 1),
                COLOURS[2] if wanted == given else COLOURS[0],
                round(0.15 + 0.85 * share**0.5, 2),
                f"wanted {short(wanted)}, given {short(given)}: {count} of {total[wanted]}",
            )
        )
    size = margin + step * len(names) + 4
    return SHAPE.format(size, size, f"Confusion of topics, {about}", Markup("").join(marks))


def short(label: str) -> str:
    """A topic without the intent that all topics share."""
    return label.removeprefix("faq/")
