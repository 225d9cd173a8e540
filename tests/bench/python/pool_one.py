"""A pool of processes, each with a session of its own and one query at a time.

Parameters are handed out in chunks of 10; the results come back in the order of the parameters.
"""

import common

CHUNK = 10

worker = {}  # session and statement of a worker: opened after the fork, never sent between processes


def set_up(args):
    worker["session"], worker["prepared"] = common.open_session(args)


def get_one(parameters):
    return worker["session"].execute(worker["prepared"], parameters).all()


def main():
    args = common.parse_args(__doc__)
    with common.open_pool(args, set_up) as pool:
        common.measure(args, lambda parameters: pool.map(get_one, parameters, CHUNK))


if __name__ == "__main__":
    main()
