from contextlib import contextmanager


@contextmanager
def context(name):
    try:  # @cm
        yield name  # @cm_yield
    finally:
        name = None  # @cm_finally


class Swallow:
    def __enter__(self):
        return self  # @enter

    def __exit__(self, *args):
        return True  # @exit


def fails(kind):
    raise kind("on purpose")  # @raise


def passes(kind):
    fails(kind)  # @through


def handles(kind):
    try:  # @try
        passes(kind)  # @risk
    except (KeyError, ValueError) as error:  # @except
        text = str(error)  # @handler
    else:
        text = "none"  # @else
    finally:
        done = True  # @finally
    return text, done  # @handled


def reraises():
    for turn in range(2):  # @turns
        try:  # @turn
            if turn:  # @if
                continue  # @continue
            fails(OSError)  # @os
        except OSError:  # @os_except
            try:  # @nested
                raise  # @again
            except OSError:  # @nested_except
                last = turn  # @nested_handler
        finally:
            last = turn  # @turn_finally
    return last  # @last


def withs():
    with context("a") as a, Swallow() as b:  # @with
        fails(KeyError)  # @swallowed
    with context("b"):  # @second
        return a, b  # @return


def main():
    handles(KeyError)  # @start
    reraises()  # @reraise
    withs()  # @withs
    try:  # @outer
        handles(TypeError)  # @unhandled
    except TypeError:  # @type
        pass  # @pass
    return "end"  # @end


main()
