def factorial(n):
    if n < 2:  # @test
        return 1  # @leaf
    rest = factorial(n - 1)  # @deeper
    return n * rest  # @product


def even(n):
    return True if n == 0 else odd(n - 1)  # @even


def odd(n):
    return False if n == 0 else even(n - 1)  # @odd


def main():
    three = factorial(3)  # @start
    four = even(4)  # @mutual
    return three, four  # @end


main()
