"""Objects and method calls: tasks of an operating system hand packets to each other, in the manner of Richards."""

from measuring import measure

WORK, DEVICE, IDLE = range(3)


class Packet:
    """What tasks hand on."""

    def __init__(self, kind, target):
        self.kind = kind
        self.target = target
        self.data = [0, 0, 0, 0]


class Task:
    """Something that the scheduler runs, with a queue of packets."""

    def __init__(self, name, successor):
        self.name = name
        self.successor = successor
        self.queue = []
        self.held = False
        self.runs = 0

    def append(self, packet):
        self.queue.append(packet)
        return self

    def waiting(self):
        return self.held or not self.queue

    def execute(self, scheduler):
        raise NotImplementedError


class IdleTask(Task):
    """Shifts a register, and begins work now and then."""

    def __init__(self, name, successor):
        super().__init__(name, successor)
        self.register = 1

    def waiting(self):
        return False

    def execute(self, scheduler):
        self.register = (self.register >> 1) ^ (0xD008 if self.register & 1 else 0)
        scheduler.hand(Packet(WORK if self.register & 2 else DEVICE, self.successor))


class WorkTask(Task):
    """Fills in packets."""

    def execute(self, scheduler):
        packet = self.queue.pop()
        for at in range(4):
            packet.data[at] = (packet.data[at] + self.runs + at) % 26
        packet.target = self.successor
        if packet.kind is not DEVICE:
            packet.kind = DEVICE
            scheduler.hand(packet)


class DeviceTask(Task):
    """Swallows packets."""

    def execute(self, scheduler):
        packet = self.queue.pop()
        scheduler.swallowed += sum(packet.data)


class Scheduler:
    """Runs tasks round robin."""

    def __init__(self):
        self.tasks = {}
        self.swallowed = 0

    def add(self, task):
        self.tasks[task.name] = task

    def find(self, name):
        task = self.tasks.get(name)
        if task is None:
            raise KeyError(name)  # @never
        return task

    def hand(self, packet):
        self.find(packet.target).append(packet)

    def schedule(self, turns):
        tasks = list(self.tasks.values())
        for _ in range(turns):
            for task in tasks:
                if not task.waiting():
                    task.runs += 1
                    task.execute(self)


def describe(scheduler):
    lines = []  # @cold
    for task in scheduler.tasks.values():
        lines.append(f"{task.name}: {task.runs}")
    return lines


def run(count):
    scheduler = Scheduler()
    scheduler.add(IdleTask("idle", "work"))
    scheduler.add(WorkTask("work", "device"))
    scheduler.add(DeviceTask("device", "idle"))
    scheduler.schedule(count * 700)


if __name__ == "__main__":
    measure(run)
