"""The picture: for each line of the table, where each contender is on a scale of ratios to plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.results import Run
from harness.table import measured

SHOWN = {"rdb": "#0a7d4f", "pdb": "#b5500b", "debugpy": "#3b5bb5", "pudb": "#8a8a8a"}
"""The contenders, and their colours."""
LEFT, WIDTH, STEP, TOP = 300, 520, 22, 54
LARGEST = 1000.0
FONT = 'font-family="sans-serif" font-size="12"'


def svg(run: Run) -> str:
    """Returns the picture of one Python's ratios."""
    lines = [(row, program) for row, program in measured(run) if row.name in ("cold", "never", "uncaught")]
    height = TOP + STEP * len(lines) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 40} {height}" role="img">',
        f"<title>CPU time under debuggers as a ratio to plain Python {run.python}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *legend(run),
        *scale(height),
    ]
    titles = {"cold": "cold", "never": "hot", "uncaught": "uncaught"}
    for at, (row, program) in enumerate(lines):
        y = TOP + STEP * at + STEP // 2
        name = f"{titles[row.name]}: {program}"
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" fill="#222" {FONT}>{name}</text>')
        for contender, colour in reversed(SHOWN.items()):
            cell = run.cell(row.name, program, contender)
            if cell is not None and cell.value is not None:
                parts.append(
                    f'<circle cx="{place(cell.value):.1f}" cy="{y}" r="5" fill="{colour}" fill-opacity="0.85"/>'
                )
    return "\n".join([*parts, "</svg>"]) + "\n"


def place(ratio: float) -> float:
    """Returns where a ratio is on the scale, which is logarithmic."""
    part = math.log(min(max(ratio, 0.9), LARGEST)) / math.log(LARGEST)
    return LEFT + WIDTH * part


def legend(run: Run) -> Iterator[str]:
    """Yields the heading, and who has which colour."""
    text = (
        f"Python {run.python}: breakpoint in a cold function, in a line never reached of a hot one, uncaught exceptions"
    )
    yield f'<text x="12" y="18" fill="#222" {FONT} font-weight="bold">{text}</text>'
    for at, (contender, colour) in enumerate(SHOWN.items()):
        x = LEFT + 100 * at
        yield f'<circle cx="{x}" cy="34" r="5" fill="{colour}"/>'
        yield f'<text x="{x + 10}" y="38" fill="#222" {FONT}>{contender}</text>'


def scale(height: int) -> Iterator[str]:
    """Yields the lines of the scale."""
    for ratio in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        x = place(ratio)
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 24}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" fill="#555" {FONT}>{ratio}x</text>'
