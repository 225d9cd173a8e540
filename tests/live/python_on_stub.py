"""Is the stub a server to another driver? The main job and the system tables, by the Python driver.

    python_on_stub.py --host 127.0.0.1 --port P [-n 20000]

Prints what failed, then `N passed, N failed`; exit status 1 when something did.
"""

import argparse
import sys

from cassandra import InvalidRequest, ProtocolVersion
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import RoundRobinPolicy
from cassandra.protocol import SyntaxException
from cassandra.query import SimpleStatement, tuple_factory

LOCAL_COLUMNS = (
    "key bootstrapped broadcast_address broadcast_port cluster_name cql_version data_center"
    " gossip_generation host_id listen_address listen_port native_protocol_version partitioner rack"
    " release_version rpc_address rpc_port schema_version tokens truncated_at"
).split()


class Checks:
    """Counts; a check that raises is a failed one, not the end."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, check, *args):
        try:
            check(*args)
            self.passed += 1
        except Exception as error:  # any kind: it is told and counted
            self.failed += 1
            print(f"FAILED {check.__name__}: {type(error).__name__}: {error}")


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def main_job(session, count):
    prepared = session.prepare("SELECT * FROM system.local WHERE key=?")
    first = None
    for ok, result in execute_concurrent_with_args(
        session, prepared, [("local",)] * count, concurrency=100, results_generator=True
    ):
        if not ok:
            raise result
        rows = result.all()
        first = first or rows
        expect(len(rows), 1)
        expect(rows, first)
    expect(first[0][0], "local")
    expect(len(first[0]), len(LOCAL_COLUMNS))


def row_of_local(session, port):
    result = session.execute("SELECT * FROM system.local WHERE key='local'")
    row = dict(zip(result.column_names, result.one()))
    expect(list(row), LOCAL_COLUMNS)
    expect([name for name, value in row.items() if value is None], [])
    expect(row["cluster_name"], "cqlraw stub")
    expect(row["rpc_port"], port)
    expect(len(row["tokens"]), 256)
    expect(all(-(2**63) <= int(token) < 2**63 for token in row["tokens"]), True)
    expect(list(row["tokens"]), sorted(row["tokens"]))


def another_key_has_no_row(session):
    expect(session.execute("SELECT * FROM system.local WHERE key=%s", ("x",)).all(), [])


def statement_forms(session):
    for cql in (
        "select KEY from System.Local",
        'SELECT "key"\n\tFROM system . local ;',
        "SELECT key FROM system.local WHERE key = 'local';  ",
    ):
        expect(session.execute(cql).all(), [("local",)])


def use_keyspace(session):
    session.set_keyspace("system")
    expect(session.execute("SELECT key FROM local").all(), [("local",)])


def no_peers(session):
    expect(session.execute("SELECT * FROM system.peers").all(), [])
    expect(session.execute("SELECT * FROM system.peers_v2").all(), [])


def schema_is_what_is_served(session):
    keyspaces = session.cluster.metadata.keyspaces
    expect(
        sorted(keyspaces), ["system", "system_schema", "system_virtual_schema"]
    )
    table = keyspaces["system"].tables["local"]
    expect(sorted(table.columns), sorted(LOCAL_COLUMNS))
    expect([column.name for column in table.partition_key], ["key"])
    expect(table.columns["tokens"].cql_type, "set<text>")
    for keyspace in keyspaces.values():
        for name, table in keyspace.tables.items():
            cql = f"SELECT * FROM {keyspace.name}.{name}"
            expect(sorted(session.execute(cql).column_names), sorted(table.columns))


def every_page_size_gives_the_same_rows(session):
    cql = "SELECT column_name FROM system_schema.columns WHERE keyspace_name='system_schema'"
    whole = session.execute(SimpleStatement(cql, fetch_size=None)).all()
    expect(len(whole) > 50, True)
    for size in (1, 7, len(whole) - 1, len(whole), len(whole) + 1):
        expect(session.execute(SimpleStatement(cql, fetch_size=size)).all(), whole)


def other_statements_are_refused(session):
    for cql, kind in (
        ("INSERT INTO system.local (key) VALUES ('x')", SyntaxException),
        ("SELECT count(*) FROM system.local", SyntaxException),
        ("SELECT nope FROM system.local", InvalidRequest),
        ("SELECT key FROM system.nope", InvalidRequest),
        ("SELECT key FROM system.local WHERE rack='rack1'", InvalidRequest),
    ):
        try:
            session.execute(cql)
        except kind:
            continue
        raise AssertionError(f"{cql}: not refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("-n", type=int, default=20000, help="executions (%(default)s)")
    args = parser.parse_args()

    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), row_factory=tuple_factory)
    cluster = Cluster(
        [args.host],
        port=args.port,
        protocol_version=ProtocolVersion.V4,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    )
    checks = Checks()
    session = cluster.connect()
    checks.run(main_job, session, args.n)
    checks.run(row_of_local, session, args.port)
    for check in (
        another_key_has_no_row,
        statement_forms,
        no_peers,
        schema_is_what_is_served,
        every_page_size_gives_the_same_rows,
        other_statements_are_refused,
        use_keyspace,
    ):
        checks.run(check, session)
    cluster.shutdown()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
