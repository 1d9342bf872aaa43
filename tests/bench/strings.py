"""Ten million distinct strings in one column: memory must stop growing once the cap is reached."""

import processes

ROWS = 1024


def run(bench, report):
    steps, batches = (4, 250) if bench.quick else (8, 1250)
    with processes.Folder(bench) as folder, processes.Daemon(bench, folder) as daemon:
        processes.make_models(bench, daemon, "names")
        resident = [daemon.resident_bytes()]
        for step in range(steps):
            processes.load_client(
                bench, daemon, "names", "send", "--seed", 100 + step, "--different_batches",
                batches, "--streams", 1, "--batches_per_model", batches, "--seconds", 600)
            resident.append(daemon.resident_bytes())
    total = steps * batches * ROWS / 1e6
    case = f"{total:.0f} M distinct strings"
    report.add(case, "resident before", resident[0] / 1e6, "MB")
    half = resident[steps // 2]
    report.add(case, "resident after half", half / 1e6, "MB")
    report.add(case, "resident after all", resident[-1] / 1e6, "MB",
               steps=[value / 1e6 for value in resident])
    # The names of the second half alone are 80 MB; the rest is the allocator's.
    report.add(case, "growth in the second half", (resident[-1] - half) / 1e6, "MB",
               goal=None if bench.quick else ("<=", 16))
