"""Floating-point arithmetic in nested loops: planets attract each other."""

from measuring import measure

SUN = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47]
PLANETS = [
    [4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037],
    [8.34, 4.12, -0.40, -1.01, 1.81, 0.008, 0.011],
    [12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017],
    [15.37, -25.91, 0.17, 0.97, 0.59, -0.03, 0.002],
]


def advance(bodies, pairs, dt, steps):
    for _ in range(steps):
        for one, other in pairs:
            dx = one[0] - other[0]
            dy = one[1] - other[1]
            dz = one[2] - other[2]
            square = dx * dx + dy * dy + dz * dz
            if square == 0.0:
                raise ValueError("two bodies are in one place")  # @never
            pull = dt / (square * square**0.5)
            mine = one[6] * pull
            theirs = other[6] * pull
            one[3] -= dx * theirs
            one[4] -= dy * theirs
            one[5] -= dz * theirs
            other[3] += dx * mine
            other[4] += dy * mine
            other[5] += dz * mine
        for body in bodies:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]


def momentum(bodies):
    total = 0.0  # @cold
    for body in bodies:
        total += body[3] * body[6]
    return total


def run(count):
    bodies = [list(body) for body in (SUN, *PLANETS)]
    pairs = [(one, other) for at, one in enumerate(bodies) for other in bodies[at + 1 :]]
    advance(bodies, pairs, 0.001, count * 100)


if __name__ == "__main__":
    measure(run)
