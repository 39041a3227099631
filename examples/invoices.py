"""Writes the invoices of a month and checks their sum against what the contracts say.

    python invoices.py

It ends with a difference: some customers are billed less than they agreed to pay. `README.md` finds out why.
"""

import csv
import io
import sys
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")

# What a plan costs a month, and what every seat and every started thousand of calls costs on top.
PLANS = {
    "starter": {"base": Decimal("19.00"), "seat": Decimal("0.00"), "calls": Decimal("0.40")},
    "team": {"base": Decimal("49.00"), "seat": Decimal("8.00"), "calls": Decimal("0.25")},
    "business": {"base": Decimal("199.00"), "seat": Decimal("6.00"), "calls": Decimal("0.10")},
}

# customer, plan, seats, negotiated price of a seat (empty: as in the plan), what the contract comes to in this month
CONTRACTS = """\
Acme Tools,team,12,,150.50
Borealis,starter,3,,21.80
Cygnus Lab,team,40,6.50,313.25
Delta Freight,business,25,,361.90
Ember & Sons,team,9,,123.75
Fjord Media,business,60,5.25,527.40
Galton,starter,1,,19.40
Hollow Pine,team,20,,211.25
"""

# customer, calls of the API; a customer may have several lines
USAGE = """\
Acme Tools,15120
Borealis,6400
Cygnus Lab,17000
Delta Freight,98000
Ember & Sons,10800
Fjord Media,133700
Hollow Pine,9000
Galton,180
Acme Tools,6000
Delta Freight,31000
"""


@dataclass
class Customer:
    """One contract."""

    name: str
    plan: str
    seats: int
    seat_price: Decimal | None
    agreed: Decimal
    calls: int = 0


@dataclass
class Invoice:
    """What a customer is asked to pay."""

    customer: Customer
    lines: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((amount for _, amount in self.lines), Decimal(0)).quantize(CENT, ROUND_HALF_UP)


def read_customers(contracts: str) -> dict[str, Customer]:
    customers = {}
    for name, plan, seats, seat_price, agreed in csv.reader(io.StringIO(contracts)):
        price = Decimal(seat_price) if seat_price else None
        customers[name] = Customer(name, plan, int(seats), price, Decimal(agreed))
    return customers


def add_usage(customers: dict[str, Customer], usage: str) -> None:
    for name, calls in csv.reader(io.StringIO(usage)):
        customers[name].calls += int(calls)


def prices_for(customer: Customer) -> dict[str, Decimal]:
    prices = PLANS[customer.plan]
    if customer.seat_price is not None:
        prices["seat"] = customer.seat_price
    return prices


def invoice_for(customer: Customer) -> Invoice:
    prices = prices_for(customer)
    thousands = -(-customer.calls // 1000)
    invoice = Invoice(customer)
    invoice.lines.append((f"plan {customer.plan}", prices["base"]))
    invoice.lines.append((f"{customer.seats} seats", prices["seat"] * customer.seats))
    invoice.lines.append((f"{thousands},000 calls", prices["calls"] * thousands))
    return invoice


def report(invoices: list[Invoice]) -> Decimal:
    missing = Decimal(0)
    for invoice in invoices:
        difference = invoice.customer.agreed - invoice.total
        missing += difference
        note = f"   {difference:+} to what was agreed" if difference else ""
        print(f"{invoice.customer.name:<14} {invoice.total:>8}{note}")
    return missing


def main() -> int:
    customers = read_customers(CONTRACTS)
    add_usage(customers, USAGE)
    missing = report([invoice_for(customer) for customer in customers.values()])
    print(f"\n{missing} not billed" if missing else "\nall is billed")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
