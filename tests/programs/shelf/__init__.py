"""A package that is imported late."""
