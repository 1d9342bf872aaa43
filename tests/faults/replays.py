"""Batches replayed and reordered over several streams of several producers, with kill -9 in between: every one counts
once, planted holes are reported exactly, and late arrivals close them.

  replays.py [--replays N] [--kills K] [--producers P] [--seed X]      N batches over all producers
"""

import argparse
import json
import queue
import random
import subprocess
import threading

from load import CITIES
from scene import MODEL, TOOLS, daemon_in, in_folder, make_model, set_policy, stop_in_order, verify
from harness import wait_for

# Of holes; long while batches are under way, so that none is lost for a moment.
LONG_GRACE, SHORT_GRACE = "600s", "1s"


class Producer:
    """One replay_client, and the books that it printed last."""

    def __init__(self, name, server, batches, seed, *flags):
        self.name = name
        self.progress = 0
        self.books = queue.Queue()
        self.process = subprocess.Popen([TOOLS / "replay_client", server, MODEL, name, str(batches), str(seed), *flags],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            word, text = line.split(" ", 1)
            if word == "progress":
                self.progress = int(text)
            else:
                self.books.put(json.loads(text))
        self.books.put(None)

    def wait_for_books(self):
        books = self.books.get()
        if books is None:
            raise AssertionError(f"{self.name} ended with {self.process.wait()}: see above")
        return books

    def send(self, part):
        self.process.stdin.write(part + "\n")
        self.process.stdin.flush()

    def finish(self):
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}: see above")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def report(daemon):
    return daemon.json("report", "--model", MODEL)[0]


def compare_counts(daemon, books, what):
    """Rows in all, by category, and batches: those of the books."""
    counted = report(daemon)
    rows, batches = (sum(book[key] for book in books) for key in ("rows", "batches"))
    cities = [sum(book["cities"][i] for book in books) for i in range(len(CITIES))]
    city = next(variable for variable in counted["variables"] if variable["variable"] == "city")
    live = {group["label"]: int(group["live_count"]) for group in city["distribution"]}
    counter, = wait_for("every batch on /metrics", lambda: [
        value for value in daemon.metric("plumbline_batches_total", result="counted") if value >= batches])
    found = (int(counted["rows"]), [live[name] for name in CITIES], int(counter))
    print(f"{what}: {batches} batches and {rows} rows acknowledged, {found[2]} and {found[0]} counted", flush=True)
    if found != (rows, cities, batches):
        raise AssertionError(f"counted rows, rows by city and batches are {found}, not {(rows, cities, batches)}")


def lost_by_report(daemon):
    return {loss["producer"]: int(loss["lost_batches"]) for loss in report(daemon)["losses"]
            if int(loss["lost_batches"]) > 0}


def compare_losses(daemon, planted, ever, what):
    """The report names what each producer lost, the alert and the metrics all of it together."""
    planted = {name: lost for name, lost in planted.items() if lost > 0}
    wait_for(f"{what}: {planted} lost; the report says {lost_by_report(daemon)}",
             lambda: lost_by_report(daemon) == planted)
    total = sum(planted.values())
    wait_for(f"{what}: an alert on {total} batches", lambda: total == (
        sum(daemon.metric("plumbline_alert_value", check="rows_lost"))
        if daemon.fires(check="rows_lost") else 0))
    shown = [daemon.metric(name) for name in ("plumbline_batches_lost", "plumbline_lost_batches_total",
                                              "plumbline_lost_batches_cleared_total")]
    print(f"{what}: {planted or 'nothing'} lost, as planted", flush=True)
    if shown != [[total], [ever], [ever - total]]:
        raise AssertionError(f"lost now, ever and cleared are {shown}, not {total}, {ever} and {ever - total}")


def kill_at(daemon, producers, batches, kills, chance):
    """Kills and restarts the daemon when so many batches are acknowledged; returns what each producer has in its books
    when all are sent."""
    for at in sorted(chance.uniform(0.02, 0.8) * batches for _ in range(kills)):
        wait_for_progress(producers, at)
        daemon.kill()
        daemon.start()
    return [producer.wait_for_books() for producer in producers]


def wait_for_progress(producers, at):
    """Patient as long as there is any."""
    sent = -1
    while sent < at:
        before = sent
        wait_for("progress", lambda: sum(producer.progress for producer in producers) > before or any(
            producer.process.poll() is not None for producer in producers))
        sent = sum(producer.progress for producer in producers)
        for producer in producers:
            if producer.process.poll() is not None:
                raise AssertionError(f"{producer.name} ended with {producer.process.returncode}: see above")


def check_the_end(daemon, producers, books):
    names = [producer.name for producer in producers]
    planted = {name: book["lost"] for name, book in zip(names, books)}
    ever = sum(planted.values())
    compare_counts(daemon, books, "replayed and reordered")
    print(f"sent {sum(book['sendings'] for book in books)} times, "
          f"{sum(book['duplicates'] for book in books)} answered as duplicates", flush=True)
    set_policy(daemon, hole_grace=SHORT_GRACE)
    compare_losses(daemon, planted, ever, "holes")
    unended = [loss for loss in report(daemon)["losses"] if loss["tail_unknown"]]
    if [(loss["producer"], loss["epoch"]) for loss in unended] != [(names[0], "1")]:
        raise AssertionError(f"the epochs that did not end are {unended}")
    wait_for("an alert on the epoch that did not end", lambda: daemon.fires(check="tail_unknown", severity="info"))

    daemon.kill()
    daemon.start()
    compare_losses(daemon, planted, ever, "after another kill")
    # All but the last hole of each, then the rest.
    for part in ("late", "rest"):
        for producer in producers:
            producer.send(part)
        books = [producer.wait_for_books() for producer in producers]
        left = {name: book["last_hole"] if part == "late" else 0 for name, book in zip(names, books)}
        compare_losses(daemon, left, ever, f"{part} arrivals")
        compare_counts(daemon, books, f"{part} arrivals")
    alert, = (alert for alert in daemon.json("alerts", "--model", MODEL, "--all")[0]["alerts"]
              if alert["finding"]["check"] == "rows_lost")
    print(f"{alert['state']}: {alert['finding']['reason']}")
    if alert["state"] != "RESOLVED" or "arrived since" not in alert["finding"]["reason"]:
        raise AssertionError("the alert does not say that what was lost has arrived")


def run(arguments, folder):
    chance = random.Random(arguments.seed)
    with daemon_in(folder) as daemon:
        daemon.start()
        make_model(daemon, "oracle_client", hole_grace=LONG_GRACE)
        server = f"127.0.0.1:{daemon.grpc_port}"
        each = arguments.replays // arguments.producers
        producers = []
        try:
            for i in range(arguments.producers):
                flags = ["--unended"] if i == 0 else []
                producers.append(Producer(f"p{i}", server, each, chance.randrange(2**32), *flags))
            books = kill_at(daemon, producers, each * arguments.producers, arguments.kills, chance)
            check_the_end(daemon, producers, books)
            for producer in producers:
                producer.finish()
        finally:
            for producer in producers:
                producer.kill()
        stop_in_order(daemon)
    print(verify(folder / "data"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replays", type=int, default=8_000)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--producers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    in_folder("replays", run, arguments)


if __name__ == "__main__":
    main()
