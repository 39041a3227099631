"""Regular expressions and strings: the words of a text."""

import re

from measuring import measure

TEXT = """\
2024-05-01 12:00:01 INFO  server.http   GET /index.html 200 in 12 ms
2024-05-01 12:00:02 WARN  server.cache  evicted 17 entries of 4096
2024-05-01 12:00:02 ERROR server.db     connection 'a-7' lost, retry in 250 ms
"""
LINE = re.compile(r"(?P<day>[\d-]+) (?P<time>[\d:]+) (?P<level>\w+)\s+(?P<name>[\w.]+)\s+(?P<text>.*)")


def parse(text, found):
    for line in text.splitlines():
        match = LINE.match(line)
        if match is None:
            raise ValueError(line)  # @never
        words = match["text"].replace(",", "").split()
        found[match["level"]] = found.get(match["level"], 0) + len(words)
        for word in words:
            if word.isdigit():
                found["numbers"] = found.get("numbers", 0) + int(word)


def shout(text):
    upper = text.upper()  # @cold
    return upper.replace(".", "!")


def run(count):
    found = {}
    for _ in range(count * 100):
        parse(TEXT, found)


if __name__ == "__main__":
    measure(run)
