"""One process, 100 requests in flight: the driver's own way to many queries at a time."""

from cassandra.concurrent import execute_concurrent_with_args

import common


def main():
    args = common.parse_args(__doc__)
    session, prepared = common.open_session(args)

    def get_results(parameters):
        results = execute_concurrent_with_args(
            session, prepared, parameters, concurrency=common.WINDOW
        )
        return [result.result_or_exc.all() for result in results]

    common.measure(args, get_results)
    session.cluster.shutdown()


if __name__ == "__main__":
    main()
