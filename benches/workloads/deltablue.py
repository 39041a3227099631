"""Constraints that keep variables equal along a chain, in the manner of DeltaBlue: small objects, dynamic dispatch."""

from itertools import pairwise

from measuring import measure

REQUIRED, PREFERRED, WEAK = range(3)


class Variable:
    """A value, and the constraints that it stands in."""

    def __init__(self, value=0):
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0


class Constraint:
    """What determines one variable from others."""

    def __init__(self, strength):
        self.strength = strength

    def inputs(self):
        return ()

    def execute(self):
        raise NotImplementedError


class Edit(Constraint):
    """Sets a variable to a value from outside."""

    def __init__(self, variable, strength):
        super().__init__(strength)
        self.output = variable
        self.wanted = 0

    def execute(self):
        self.output.value = self.wanted


class Scale(Constraint):
    """Keeps one variable a multiple of another."""

    def __init__(self, source, output, factor, strength):
        super().__init__(strength)
        self.source = source
        self.output = output
        self.factor = factor
        source.constraints.append(self)

    def inputs(self):
        return (self.source,)

    def execute(self):
        self.output.value = self.source.value * self.factor % 1009


class Planner:
    """Finds the order in which constraints are to be executed."""

    def __init__(self):
        self.mark = 0

    def plan(self, first):
        self.mark += 1
        order = []
        todo = [first]
        while todo:
            constraint = todo.pop()
            if any(variable.mark > self.mark for variable in constraint.inputs()):
                raise RuntimeError("a variable is from the future")  # @never
            output = constraint.output
            if output.mark == self.mark:
                continue
            output.mark = self.mark
            output.determined_by = constraint
            order.append(constraint)
            todo.extend(sorted(output.constraints, key=lambda one: one.strength))
        return order


def explain(variable):
    steps = []  # @cold
    while variable.determined_by is not None:
        steps.append(type(variable.determined_by).__name__)
    return steps


def run(count):
    variables = [Variable() for _ in range(40)]
    for one, other in pairwise(variables):
        Scale(one, other, 3, REQUIRED)
    edit = Edit(variables[0], PREFERRED)
    planner = Planner()
    for number in range(count * 15):
        edit.wanted = number
        for constraint in planner.plan(edit):
            constraint.execute()


if __name__ == "__main__":
    measure(run)
