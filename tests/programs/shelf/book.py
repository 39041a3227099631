"""A module that is imported late."""

print("imported")  # @import


def read():
    return "read"  # @read


class Page:
    def turn(self):
        return "turned"  # @turn
