"""Generators that feed each other, and one that delegates: the nodes of a tree in order."""

from measuring import measure


class Node:
    """A node of a binary tree."""

    def __init__(self, left, value, right):
        self.left = left
        self.value = value
        self.right = right

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        if self.value is None:
            raise ValueError("a node without a value")  # @never
        yield self.value
        if self.right is not None:
            yield from self.right


def tree(values):
    if not values:
        return None
    middle = len(values) // 2
    return Node(tree(values[:middle]), values[middle], tree(values[middle + 1 :]))


def even(numbers):
    for number in numbers:
        if number % 2 == 0:
            yield number


def backwards(node):
    stack = []  # @cold
    for value in node:
        stack.insert(0, value)
    return stack


def run(count):
    root = tree(range(255))
    for _ in range(count * 7):
        sum(even(root))


if __name__ == "__main__":
    measure(run)
