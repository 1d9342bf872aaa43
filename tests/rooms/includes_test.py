"""The dependency rule of the rooms, as server/README.md states it, checked by reading every #include."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Room -> what it may include of ours; its own folder always.
ROOMS = {
    "server/manifest": set(),
    "server/base": set(),
    "server/stats": set(),
    "server/profile": {"server/manifest", "server/base", "server/stats"},
    "server/checks": {"server/manifest", "server/stats", "server/profile"},
    "server/storage": {"server/manifest", "server/base", "server/stats", "server/profile",
                       "plumbline/storage"},
    "server/engine": {"server/manifest", "server/base", "server/stats", "server/profile",
                      "server/checks", "server/storage", "plumbline/storage"},
    "server/telemetry": {"server/base", "server/profile", "server/checks", "server/engine"},
    "server/transport": {"server/manifest", "server/base", "server/stats", "server/profile",
                         "server/checks", "server/storage", "server/engine", "server/telemetry", "plumbline/storage",
                         "plumbline/v1", "google/rpc"},
    "client": {"server/manifest", "plumbline/v1", "google/rpc"},
}

# Library -> the rooms that may know it.
LIBRARIES = {
    r"rocksdb/": {"server/storage"},
    r"grpc": {"server/transport", "client"},
    r"prometheus/": {"server/telemetry"},
    r"Civet|civetweb": {"server/transport"},
    r"CLI/": {"client"},
    r"csv\.h|zlib\.h": {"client"},
    r"google/protobuf/": {"server/transport", "client"},
}


def room_of(include):
    parts = include.split("/")
    if include.startswith(("server/", "plumbline/", "google/rpc")):
        return "/".join(parts[:2])
    return parts[0] if parts[0] == "client" else None


class Includes(unittest.TestCase):
    def each_include(self):
        for room in ROOMS:
            files = sorted((ROOT / room).rglob("*.h")) + sorted((ROOT / room).rglob("*.cc"))
            self.assertTrue(files, f"{room} is empty")
            for path in files:
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    match = re.match(r'#include\s+[<"]([^>"]+)[>"]', line)
                    if match:
                        yield room, f"{path.relative_to(ROOT)}:{number}", match[1]

    def test_rooms_include_only_what_they_may(self):
        for room, place, include in self.each_include():
            target = room_of(include)
            if target is not None and target != room:
                self.assertIn(target, ROOMS[room], f"{place} includes {include}")

    def test_libraries_stay_in_their_rooms(self):
        for room, place, include in self.each_include():
            for pattern, rooms in LIBRARIES.items():
                if re.match(pattern, include):
                    self.assertIn(room, rooms, f"{place} includes {include}")

    def test_the_present_is_asked_of_the_clock_only(self):
        for room in ROOMS:
            for path in (ROOT / room).rglob("*.cc"):
                if path.name == "clock.cc":
                    continue
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    self.assertIsNone(
                        re.search(r"absl::Now\(|time\(nullptr\)|sleep_for|SleepFor", line)
                        if room.startswith("server") else None,
                        f"{path.relative_to(ROOT)}:{number}: {line.strip()}")


if __name__ == "__main__":
    unittest.main()
