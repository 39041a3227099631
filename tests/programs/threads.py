import threading

old = threading.Event()
go = threading.Event()
results = []


def work(n):
    doubled = n * 2  # @work
    results.append(doubled)  # @append


def waits():
    old.set()
    go.wait()
    work(100)  # @late


def main():
    workers = [threading.Thread(target=work, args=(n,), name=f"worker-{n}") for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    work(10)
    go.set()  # @go
    first.join()
    print(sorted(results))  # @end


first = threading.Thread(target=waits, name="first")
first.start()
old.wait()
main()  # @main
