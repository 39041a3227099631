def one(): return 1  # @one
def two(n): return n + 1  # @two
def three(): yield 1  # @three


class Plain: pass  # @plain


class Body:  # @class
    """Has a docstring."""  # @doc

    first = [  # @list
        one(),  # @item
        2,
    ]

    def method(self, default=two(1)): return default  # @method

    class Inner:  # @inner
        depth = 2  # @depth


def loops(n):
    for i in range(n): one()  # @for
    while n: n -= 1  # @while
    for i in range(2): pass  # @pass
    return i; n = 0  # @semicolon


def comprehensions(n):
    squares = [i * i for i in range(n)]  # @squares
    pairs = {i: one() for i in range(n)}  # @pairs
    odd = {i for i in range(n) if i % 2}  # @odd
    total = sum(i for i in range(n))  # @total
    nested = [[i + j for i in range(2)] for j in range(2)]  # @nested
    spread = [  # @spread
        i + 1  # @element
        for i in range(2)  # @source
    ]
    return squares, pairs, odd, total, nested, spread  # @made


def expressions(n):
    f = lambda x: x + n; g = lambda: [f(i) for i in range(2)]  # @lambdas
    a = f(1) if n else g()  # @ternary
    b = (f(1) +  # @sum
         f(2) +  # @more
         one())  # @rest
    if n and one() and \
            two(1):  # @continued
        c = g()  # @then
    assert a, "never"  # @assert
    match [a, b]:  # @match
        case [x]: c = x  # @case1
        case [x, y]: c = y  # @case2
    return max([1, 2], key=lambda e: -e), c  # @key


def main():
    list(three())  # @start
    loops(2)  # @loops
    comprehensions(2)  # @comprehensions
    expressions(1)  # @expressions
    Body().method()  # @call
    exec("a = 1\nb = one()\n")  # @exec
    return eval("one() + 1")  # @eval


main()
