"""What the three programs share: the command line, the statement, a session, a pool, the measurement.

single.py, pool_one.py and pool_window.py do today what three programs did in the 2015 article on
multiprocessing with the DataStax driver for Python: N executions of one prepared statement, all rows
collected, in the order of the parameters, in the process that asked for them. They are the baseline
that `cqlraw run` is compared with, so they share its choices: protocol v4, no compression.
"""

import argparse
import multiprocessing
import os
import threading
import time

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy
from cassandra.query import tuple_factory

STATEMENT = "SELECT * FROM system.local WHERE key=?"
PARAMETERS = ("local",)
WINDOW = 100  # requests in flight per process, where there is more than one
SETUP_SECONDS = 60

# Workers are forked, as in 2015, whatever this Python's default is.
fork = multiprocessing.get_context("fork")


def parse_args(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9042)
    parser.add_argument("-n", type=int, default=10000, help="queries (%(default)s)")
    parser.add_argument(
        "--processes",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="workers of the pool (the cores; single.py is always one process)",
    )
    args = parser.parse_args()
    if args.n < 1 or args.processes < 1:
        parser.error("-n and --processes are at least 1")
    return args


def open_session(args):
    """Connects and prepares: (session, prepared statement). In a pool: after the fork, not before.

    Rows are tuples in all three programs. The driver's default, namedtuples of a class that it makes
    anew for each answer, cannot be pickled, so a pool could not hand them to its parent; and it
    would nearly double the CPU time of single.py.
    """
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), row_factory=tuple_factory)
    cluster = Cluster(
        [args.host],
        port=args.port,
        protocol_version=4,
        compression=False,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    )
    session = cluster.connect()
    return session, session.prepare(STATEMENT)


def open_pool(args, set_up):
    """A pool whose workers have all finished set_up(args): returns after the last one.

    Without the barrier the first tasks would be measured together with the connecting. A worker
    that fails breaks it, because the pool itself would only start another one, for ever.
    """
    barrier = fork.Barrier(args.processes + 1)
    pool = fork.Pool(args.processes, _set_up_worker, (barrier, set_up, args))
    try:
        barrier.wait(SETUP_SECONDS)
    except threading.BrokenBarrierError:
        pool.terminate()
        raise SystemExit(f"error: no pool of {args.processes} within {SETUP_SECONDS} s") from None
    return pool


def _set_up_worker(barrier, set_up, args):
    try:
        set_up(args)
        barrier.wait(SETUP_SECONDS)
    except Exception as error:
        barrier.abort()
        raise SystemExit(f"error: a worker's set-up: {error}") from None


def measure(args, get_results):
    """Calls get_results(list of parameters), checks what came back and prints the two lines.

    The seconds are the wall time from the first parameter handed out to the last row collected in
    this process, as in 2015. The CPU time is that of this process and of its living children over
    exactly the same span, with all their threads, user and system: reading it while they live keeps
    their set-up and their end out of it, which RUSAGE_CHILDREN after a join would count.
    """
    parameters = [PARAMETERS] * args.n
    cpu = _cpu_seconds()
    start = time.perf_counter()
    results = get_results(parameters)
    seconds = time.perf_counter() - start
    cpu = _cpu_seconds() - cpu

    if len(results) != args.n or any(len(rows) != 1 or rows[0][0] != "local" for rows in results):
        raise SystemExit("error: not every query returned its one row")
    print(f"{args.n} queries in {seconds:.3f} seconds ({args.n / seconds:.1f}/s)")
    print(f"cpu {cpu / args.n * 1e6:.1f} us/query")


def _cpu_seconds():
    children = multiprocessing.active_children()
    return time.process_time() + sum(time.clock_gettime(_cpu_clock(c.pid)) for c in children)


def _cpu_clock(pid):
    """What clock_getcpuclockid(3) returns for a process on Linux; Python doesn't wrap that call."""
    return (~pid << 3) | 2
