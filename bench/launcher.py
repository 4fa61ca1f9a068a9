"""A small process that starts the commands to be measured.

A child's peak memory counts its parent's pages as they were before `exec`: a benchmark that has loaded much would
report its own size. This process loads nothing (start it with `-I -S`), so the floor is that of bare Python.

Standard input: marshalled (command, environment, path that takes its output). Standard output, for each: marshalled
(wait status, seconds of wall clock, seconds of processor, peak resident KiB).
"""

import marshal
import os
import sys
import time


def main() -> None:
    """Serve until the input ends."""
    while True:
        try:
            command, environment, output = marshal.load(sys.stdin.buffer)
        except EOFError:
            return
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_APPEND, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        began = time.perf_counter()
        process = os.posix_spawnp(command[0], command, environment, file_actions=actions)
        _, status, used = os.wait4(process, 0)
        wall = time.perf_counter() - began
        marshal.dump((status, wall, used.ru_utime + used.ru_stime, used.ru_maxrss), sys.stdout.buffer)
        sys.stdout.buffer.flush()


main()
