"""What the Python driver says to a server, from its first frame to its last.

    record_driver.py HOST:PORT
"""

import sys
import uuid
from datetime import date, datetime
from decimal import Decimal

from cassandra import ConsistencyLevel, InvalidRequest, ProtocolVersion
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from cassandra.query import BatchStatement, BatchType, SimpleStatement, dict_factory

KEYSPACE = "CREATE KEYSPACE py WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
TABLE = "CREATE TABLE t (k int, c text, d date, ts timestamp, n decimal, u uuid, l list<int>, m map<text, int>, PRIMARY KEY (k, c))"


def work(session):
    session.execute(KEYSPACE)
    session.set_keyspace("py")
    session.execute(TABLE)
    session.execute("CREATE TABLE counts (k int PRIMARY KEY, n counter)")
    insert = session.prepare("INSERT INTO t (k, c, d, ts, n, u, l, m) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    for k in range(3):
        for c in ("a", "b"):
            row = (k, c, date(2024, 2, 29), datetime(2024, 1, 1), Decimal("1.50"), uuid.UUID(int=k), [1, k], {c: k})
            session.execute(insert, row)
    session.execute(insert.bind((9, "unset")))
    session.execute(insert.bind({"k": 9, "c": "null", "n": None}))
    select = session.prepare("SELECT * FROM t WHERE k = ?")
    select.consistency_level = ConsistencyLevel.QUORUM
    select.fetch_size = 1
    list(session.execute(select, (1,)))
    list(session.execute(SimpleStatement("SELECT k, c FROM t", fetch_size=3)))
    list(session.execute("SELECT k FROM t WHERE k = %(key)s", {"key": 2}))
    session.execute("INSERT INTO t (k, c) VALUES (%s, %s) IF NOT EXISTS", (1, "a"))
    for kind, statement in ((BatchType.LOGGED, insert), (BatchType.UNLOGGED, insert)):
        batch = BatchStatement(batch_type=kind, serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL)
        batch.add(statement.bind((5, "batch")))
        batch.add("INSERT INTO t (k, c) VALUES (%s, %s)", (5, "text"))
        session.execute(batch)
    count = BatchStatement(batch_type=BatchType.COUNTER)
    count.add(session.prepare("UPDATE counts SET n = n + ? WHERE k = 1"), (5,))
    session.execute(count)
    session.execute("SELECT * FROM t WHERE k = 1", trace=True).get_query_trace()
    session.execute("SELECT * FROM t WHERE k = 1", custom_payload={"key": b"value"})
    for cql in ("SELECT nothing FROM t", "SELECT * FROM t WHERE n = 1"):
        try:
            session.execute(cql)
        except InvalidRequest:
            continue
        raise SystemExit(f"{cql}: not refused")
    session.row_factory = dict_factory
    list(session.execute("SELECT k, count(*) FROM t GROUP BY k"))
    session.execute("DROP KEYSPACE py")


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    for compression in (False, "lz4") if len(sys.argv) > 2 else (False,):
        cluster = Cluster(
            [host],
            port=int(port),
            protocol_version=ProtocolVersion.V4,
            compression=compression,
            auth_provider=PlainTextAuthProvider("cassandra", "cassandra"),
        )
        work(cluster.connect())
        cluster.shutdown()


if __name__ == "__main__":
    main()
