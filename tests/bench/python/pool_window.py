"""A pool of processes, each with a session of its own and 100 queries in flight.

Parameters are handed out in blocks of 100; the results come back in the order of the parameters.
"""

import itertools

from cassandra.concurrent import execute_concurrent_with_args

import common

BLOCK = 100

worker = {}  # session and statement of a worker: opened after the fork, never sent between processes


def set_up(args):
    worker["session"], worker["prepared"] = common.open_session(args)


def get_block(block):
    results = execute_concurrent_with_args(
        worker["session"], worker["prepared"], block, concurrency=common.WINDOW
    )
    return [result.result_or_exc.all() for result in results]


def main():
    args = common.parse_args(__doc__)
    with common.open_pool(args, set_up) as pool:

        def get_results(parameters):
            blocks = [parameters[i : i + BLOCK] for i in range(0, len(parameters), BLOCK)]
            return list(itertools.chain.from_iterable(pool.map(get_block, blocks, chunksize=1)))

        common.measure(args, get_results)


if __name__ == "__main__":
    main()
