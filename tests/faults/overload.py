"""Clients that offer ten times what the daemon can take, while it is held to a fraction of a core: its memory stays within
its budget, it goes on doing its work, every refusal is one to retry, health answers, nothing acknowledged is lost.

  overload.py [--seconds S] [--clients C] [--times X] [--core F] [--small]

Three quarters of the clients use the client library, and drop the oldest batches when their own queues are full; the others
call IngestBatch. --small is short, and judges nothing that depends on the machine's speed."""

import argparse
import re
import time

from crowd import COLUMNS, ROWS, Client, Clients, Watch, compare, cpu_seconds, resident_mib
from hold import hold
from scene import daemon_in, in_folder, make_model

CALLS = 8  # under way at a time, of a client of IngestBatch
FEW = 4    # clients that keep the daemon just busy
# Of the many: they want more than the machine has, and whoever asks for the daemon's health is to get his turn.
NICE = 10
INFLIGHT_MIB = 64
RECEIVE_MIB = 128
STORE_AND_ALLOCATOR_MIB = 96  # write buffers and block cache; what malloc and the pool of blocks keep
GOODPUT, HEALTH_SECONDS = 0.8, 1.0  # goals
OFFERED, BUSY = 0.95, 0.9  # the harness's own: of what is to be offered, and of the core that the daemon is held to


def unloaded(daemon, folder, seconds):
    """Batches a second of a few clients that wait for their acknowledgements, how much of a core the daemon used for
    them, and the clients' last words."""
    clients = Clients([Client(daemon, folder, "stream", f"few-{i}", 0) for i in range(FEW)])
    try:
        clients.wait_for_all()
        time.sleep(min(3.0, seconds / 2))
        rates, used = rates_and_use(daemon, clients, seconds)
        return rates[1], used, clients.finish()
    finally:
        clients.kill()


def rates_and_use(daemon, clients, seconds):
    """Batches offered and acknowledged a second, and how much of a core the daemon used."""
    start, before = time.monotonic(), cpu_seconds(daemon.process.pid)
    time.sleep(seconds)
    end, used = time.monotonic(), cpu_seconds(daemon.process.pid) - before
    return clients.rates(start, end), used / (end - start)


def overloaded(daemon, folder, arguments, capacity):
    singles = arguments.clients // 4
    streams = arguments.clients - singles
    rate = arguments.times * capacity / streams
    clients = Clients([Client(daemon, folder, "stream", f"stream-{i}", rate, NICE) for i in range(streams)]
                      + [Client(daemon, folder, "single", f"single-{i}", CALLS, NICE) for i in range(singles)])
    watch = Watch(daemon)
    try:
        clients.wait_for_all()
        rates, used = rates_and_use(daemon, clients, arguments.seconds)
        health = watch.end()
        return rates, used, health, watch, clients.finish()
    finally:
        watch.kill()
        clients.kill()


def reasons(daemon, name):
    found = re.findall(rf'^{name}\{{reason="(\w+)"\}} (\S+)$', daemon.http("/metrics"), re.MULTILINE)
    return {reason: int(float(count)) for reason, count in found if float(count) > 0}


def check(failures, holds, words):
    print(("" if holds else "FAILED: ") + words)
    if not holds:
        failures.append(words)


def judge(daemon, arguments, base, yardstick, result):
    capacity, busy = yardstick
    (offered, goodput), used, health, watch, words = result
    failures = []
    budget = base + INFLIGHT_MIB + RECEIVE_MIB + STORE_AND_ALLOCATOR_MIB
    most = max(watch.most_mib, resident_mib(daemon.process.pid, "VmHWM"))
    check(failures, most <= budget,
          f"memory: at most {most:.0f} MiB resident; the budget is {budget:.0f}: {base:.0f} at rest, "
          f"max_inflight_mib {INFLIGHT_MIB}, max_receive_mib {RECEIVE_MIB}, store and allocator "
          f"{STORE_AND_ALLOCATOR_MIB}")
    slowest = max(watch.slowest, health["slowest_seconds"])
    speeds = [
        (busy >= BUSY * arguments.core,
         f"unloaded: {capacity * ROWS:,.0f} rows/s, with {busy:.3f} of a core in use, of {arguments.core}"),
        (offered >= OFFERED * arguments.times * capacity,
         f"offered: {offered * ROWS:,.0f} rows/s, {offered / capacity:.1f} times what the daemon can take"),
        (goodput >= GOODPUT * capacity,
         f"goodput: {goodput * ROWS:,.0f} rows/s, {100 * goodput / capacity:.0f}% of unloaded, with {used:.3f} of a core"),
        (slowest < HEALTH_SECONDS,
         f"health: the slowest of {health['probes']} gRPC answers took {health['slowest_seconds']:.3f} s, of "
         f"{watch.probes} HTTP answers {watch.slowest:.3f} s")]
    for holds, sentence in speeds:
        check(failures, holds or arguments.small, sentence)
    check(failures, health["failed"] == 0 and watch.failed == 0,
          f"health: {health['failed']} gRPC and {watch.failed} HTTP probes were not answered")
    refused = reasons(daemon, "plumbline_refused_batches_total")
    check(failures, not refused and not any(word["refused"] for word in words),
          f"refusals: {refused or 'none'} for good; to retry {reasons(daemon, 'plumbline_retries_total')}; clients sent "
          f"{sum(word['retries'] for word in words)} batches again and dropped "
          f"{sum(word['dropped'] for word in words)} that they had not sent")
    return failures


def run(arguments, folder):
    with daemon_in(folder) as daemon:
        daemon.start("--max_inflight_mib", str(INFLIGHT_MIB), "--max_receive_mib", str(RECEIVE_MIB))
        make_model(daemon, "overload_client", str(COLUMNS))
        base = resident_mib(daemon.process.pid)
        holder, how = hold(daemon.process.pid, arguments.core)
        try:
            print(f"the daemon is held to {arguments.core} of a core by {how}")
            *yardstick, few = unloaded(daemon, folder, 2 if arguments.small else 15)
            result = overloaded(daemon, folder, arguments, yardstick[0])
            holder.lift()
            failures = judge(daemon, arguments, base, yardstick, result)
            rows = sum(word["rows"] for word in few + result[-1])
            failures += compare(daemon, rows, "at the end")
        finally:
            daemon.kill()
            holder.remove()
        daemon.start()
        failures += compare(daemon, rows, "after kill -9 and a restart")
        if daemon.stop() != 0:
            failures.append("the daemon did not stop in order")
        if failures:
            raise AssertionError("\n".join(failures))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--times", type=float, default=10)
    parser.add_argument("--core", type=float, default=0.4)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.seconds, arguments.clients = min(arguments.seconds, 5), min(arguments.clients, 8)
    in_folder("overload", run, arguments)


if __name__ == "__main__":
    main()
