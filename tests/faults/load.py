"""Clients that keep their own books of what was acknowledged, and what the daemon must have counted by them."""

import collections
import re
import subprocess

from scene import MODEL, TOOLS, make_model
from harness import wait_for

CITIES = ("oslo", "lima", "rome")
AGES = 97
BOOKED = re.compile(r"(?P<producer>\S+): (?P<batches>\d+) batches, (?P<rows>\d+) rows, (?P<duplicates>\d+) duplicates, "
                    r"(?P<late>\d+) late, (?P<retries>\d+) told to retry")


def values(sequence, rows):
    """The ages and cities of a batch, as oracle_client.cc makes them."""
    for row in range(rows):
        yield (sequence * 7919 + row * 31) % AGES, CITIES[(sequence + row) % 3]


def read_books(path):
    """(producer, sequence) and rows of what was acknowledged; fails if a number was written twice. A line may be
    half-written yet."""
    booked = {}
    for line in path.read_text().rpartition("\n")[0].splitlines():
        producer, sequence, rows = line.split()
        if (producer, sequence) in booked:
            raise AssertionError(f"acknowledged twice: {line}")
        booked[producer, sequence] = int(rows)
    return booked


def expected_counts(booked):
    """Rows by age and by city."""
    ages, cities = collections.Counter(), collections.Counter()
    # The values repeat: each kind of batch is made once.
    kinds = collections.Counter((int(sequence) % (3 * AGES), rows) for (_, sequence), rows in booked.items())
    for (sequence, rows), times in kinds.items():
        for age, city in values(sequence, rows):
            ages[age] += times
            cities[city] += times
    return ages, cities


def compare_window(report, booked):
    """Fails unless every group of every variable holds just the rows that were acknowledged."""
    ages, cities = expected_counts(booked)
    groups = {variable["variable"]: variable["distribution"] for variable in report["variables"]}
    wrong = []
    for group in groups["city"]:
        if int(group["live_count"]) != cities.pop(group["label"], 0):
            wrong.append(group)
    for group in groups["age"]:
        lower, upper = group["lower"], group["upper"]
        inside = [age for age in ages if lower <= age < upper or age == lower or (age == upper == AGES - 1)]
        if int(group["live_count"]) != sum(ages.pop(age) for age in inside):
            wrong.append(group)
    if wrong or +ages or +cities:
        raise AssertionError(f"the window's counts are not the acknowledged ones: {wrong}, nowhere: {ages} {cities}")


def prepare(daemon):
    """Starts the daemon with a model whose panes close all the time and whose window holds all."""
    daemon.start()
    make_model(daemon, "oracle_client")


class Load:
    """Clients that send until told to stop, and their books."""

    def __init__(self, daemon, folder, clients):
        self.daemon = daemon
        self.oracles = [folder / f"acknowledged-{i}" for i in range(clients)]
        server = f"127.0.0.1:{daemon.grpc_port}"
        self.clients = [
            subprocess.Popen([TOOLS / "oracle_client", server, MODEL, f"p{i}", oracle],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for i, oracle in enumerate(self.oracles)]
        # Each is then a source that the others' event time waits for: none is ever late.
        try:
            wait_for("the first acknowledgement of every client",
                     lambda: all(path.exists() and read_books(path) for path in self.oracles))
        except BaseException:
            self.kill()
            raise

    def kill(self):
        """What a failure must not leave behind; nothing after the end of every client."""
        for client in self.clients:
            if client.poll() is None:
                client.kill()
            client.wait()

    def booked(self):
        return {key: rows for path in self.oracles if path.exists() for key, rows in read_books(path).items()}

    def progress(self):
        """Grows with every acknowledgement."""
        return sum(path.stat().st_size for path in self.oracles)

    def finish_and_compare(self, what):
        """Every client gets its last acknowledgements; then the counts must be the books'. Returns the clients' own
        figures."""
        outputs = [client.communicate("stop\n", timeout=300)[0].strip() for client in self.clients]
        codes = [client.returncode for client in self.clients]
        if any(codes):
            raise AssertionError(f"clients ended with {codes}: {outputs}")
        figures = []
        for output in outputs:
            print(output)
            figures.append(BOOKED.fullmatch(output))
        if any(int(figure["late"]) for figure in figures):
            raise AssertionError("rows were late: the window does not hold all of them")
        booked = self.booked()
        report = self.daemon.json("report", "--model", MODEL)[0]
        acknowledged, counted = sum(booked.values()), int(report["rows"])
        print(f"{what}: {acknowledged} rows acknowledged, {counted} counted, "
              f"{max(0, acknowledged - counted)} lost, {max(0, counted - acknowledged)} counted twice")
        if acknowledged != counted or acknowledged == 0:
            raise AssertionError("the counts are not the acknowledged ones")
        compare_window(report, booked)
        return figures
