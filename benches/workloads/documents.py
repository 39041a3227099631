"""JSON back and forth, and what a program does with what it read."""

import json

from measuring import measure

DOCUMENT = {
    "orders": [
        {
            "number": number,
            "customer": f"customer {number % 7}",
            "lines": [{"item": i, "price": i * 1.5} for i in range(8)],
        }
        for number in range(20)
    ]
}


def totals(document):
    found = {}
    for order in document["orders"]:
        customer = order["customer"]
        for line in order["lines"]:
            if line["price"] < 0:
                raise ValueError(line)  # @never
            found[customer] = found.get(customer, 0) + line["price"]
    return found


def pretty(document):
    text = json.dumps(document, indent=2)  # @cold
    return text.splitlines()


def run(count):
    for _ in range(count * 4):
        totals(json.loads(json.dumps(DOCUMENT)))


if __name__ == "__main__":
    measure(run)
