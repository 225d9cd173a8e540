"""Says to a Cassandra what drivers do not say: each form of a request, each error that can be had.

    record_raw.py HOST:PORT LABELS all|listen|pairs|silent|down

Writes frames by hand on plain sockets (native_protocol_v4.spec), and to the file LABELS what each
request is about: a line "HEX TEXT"; "wrong: " in front says that the request itself breaks the
protocol. It is run by tests/vectors/record, with a recorder in front of the server; answers are read
and not judged here.

all: what one node answers. listen: reads events until it is ended. pairs: makes tables that two nodes
have. silent: the second node takes requests and does not answer; down: the first one knows.
"""

import struct
import sys
import threading

from raw_connection import (
    ALL, ANY, AUTH_RESPONSE, BATCH, EACH_QUORUM, LOCAL_ONE, LOCAL_QUORUM, LOCAL_SERIAL, ONE, OPTIONS, PAYLOAD,
    PREPARE, QUERY, READY, REGISTER, RESULT, SERIAL, STARTUP, THREE, TRACING, TWO, UNSET, batch, Connection,
    integer, long_string, paging_state, params, short, string, string_map, value,
)


def handshakes(connect):
    c = connect()
    c.ask(OPTIONS, b"", "OPTIONS in front of STARTUP")
    c.ask(QUERY, long_string("SELECT key FROM system.local") + params(), "QUERY in front of STARTUP")
    for about, options in (
        ("STARTUP of a version of CQL that is not there", {"CQL_VERSION": "9.0.0"}),
        ("STARTUP with a compression that is not there", {"COMPRESSION": "zstd"}),
    ):
        connect().startup(about, **options)
    connect().ask(STARTUP, string_map({}), "STARTUP without a version of CQL")
    c = connect()
    c.startup("STARTUP with the name of a driver", DRIVER_NAME="by hand", DRIVER_VERSION="1")
    c.ask(OPTIONS, b"", "OPTIONS instead of AUTH_RESPONSE")
    c = connect()
    c.startup("STARTUP with all there is", NO_COMPACT="true", THROW_ON_OVERLOAD="1")
    c.login("cassandra", "wrong", "a wrong password")
    c = connect()
    c.startup()
    c.ask(AUTH_RESPONSE, value(b"nothing"), "a token without user and password")
    c = connect()
    c.startup()
    c.ask(AUTH_RESPONSE, value(None), "no token at all")
    c = connect()
    c.startup()
    c.login()
    c.ask(STARTUP, string_map({"CQL_VERSION": "3.0.0"}), "a second STARTUP")
    c = started(connect)
    c.ask(AUTH_RESPONSE, value(b"\0a\0b"), "AUTH_RESPONSE that nobody asked for")
    started(connect).ask(REGISTER, short(1) + string("NO_SUCH_EVENT"), "REGISTER for an unknown event")
    started(connect).ask(REGISTER, short(0), "REGISTER for nothing")


def started(connect, **options):
    c = connect(lz4=options.get("COMPRESSION") == "lz4")
    c.startup(**options)
    c.login()
    return c


def listener(connect):
    c = started(connect)
    names = ("TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE")
    c.ask(REGISTER, short(3) + b"".join(string(n) for n in names), "REGISTER for all events")
    return c


REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"

TYPES = (
    "a ascii", "bi bigint", "bl blob", "bo boolean", "de decimal", "do double", "fl float", "ip inet",
    "i int", "si smallint", "ti tinyint", "t text", "tm time", "ts timestamp", "d date", "tu timeuuid",
    "u uuid", "vi varint", "du duration", "l list<int>", "s set<text>", "m map<text, int>",
    "fl_ frozen<list<int>>", "tp tuple<int, text>", "ud pair", "n list<frozen<map<text, frozen<list<int>>>>>",
    "nt frozen<tuple<int, tuple<text, set<int>>>>", "nu frozen<outside>", "v vector<float, 3>",
    "vt vector<text, 2>", "st int static",
)

LITERALS = {
    "a": "'ascii'", "bi": "-9223372036854775808", "bl": "0xcafe00", "bo": "true", "de": "-12.3450", "do": "1e300",
    "fl": "-1.5", "ip": "'::1'", "i": "2147483647", "si": "-32768", "ti": "127", "t": "'grün 鍵 🔑'",
    "tm": "'23:59:59.999999999'", "ts": "'1969-12-31T23:59:59.999Z'", "d": "'-0001-01-01'",
    "tu": "50554d6e-29bb-11e5-b345-feff819cdc9f", "u": "00000000-0000-4000-8000-000000000001",
    "vi": "-123456789012345678901234567890", "du": "-1y2mo3d4h5m6s7ms8us9ns", "l": "[1, 2, -3]", "s": "{'a', 'b'}",
    "m": "{'x': 1, 'y': -1}", "fl_": "[]", "tp": "(1, 'one')", "ud": "{field: 1, other: 'x'}",
    "n": "[{'a': [1, 2], 'b': []}, {}]", "nt": "(1, ('in', {1, 2}))", "nu": "{one: {field: 7}, many: [{other: 'm'}]}",
    "v": "[0.5, -1, 2]", "vt": "['a', '']", "st": "42",
}


def schema(c):
    for about, cql in (
        ("a keyspace", f"CREATE KEYSPACE v {REPLICATION}"),
        ("a keyspace that is there", f"CREATE KEYSPACE v {REPLICATION}"),
        ("IF NOT EXISTS changes nothing", f"CREATE KEYSPACE IF NOT EXISTS v {REPLICATION}"),
        ("another keyspace, with capitals", f'CREATE KEYSPACE "Other" {REPLICATION}'),
        ("a keyspace changes", "ALTER KEYSPACE v WITH durable_writes = true"),
        ("options of a keyspace that do not do", "CREATE KEYSPACE bad WITH replication = {'class': 'NoSuch'}"),
        ("no replication factor", "CREATE KEYSPACE bad WITH replication = {'class': 'SimpleStrategy'}"),
        ("USE", "USE v"),
        ("USE of a name in quotes", 'USE "Other"'),
        ("USE of what is not there", "USE nothing"),
        ("back", "USE v"),
        ("a type", "CREATE TYPE pair (field int, other text)"),
        ("a type of types", "CREATE TYPE outside (one frozen<pair>, many list<frozen<pair>>)"),
        ("a type changes", "ALTER TYPE pair RENAME other TO second"),
        ("and back", "ALTER TYPE pair RENAME second TO other"),
        ("a type that is there", "CREATE TYPE pair (x int)"),
        ("a table of every type", f"CREATE TABLE every (k int, c int, {', '.join(TYPES)}, PRIMARY KEY (k, c))"),
        ("a table that is there", "CREATE TABLE every (k int PRIMARY KEY)"),
        ("a table of counters", "CREATE TABLE counts (k int PRIMARY KEY, n counter)"),
        ("a table with a partition key of two", "CREATE TABLE two (a int, b text, c int, v text, PRIMARY KEY ((b, a), c))"),
        ("a table to drop", "CREATE TABLE gone (k int PRIMARY KEY, v int)"),
        ("a table changes", "ALTER TABLE gone ADD w text"),
        ("an index", "CREATE INDEX by_v ON gone (v)"),
        ("an index goes", "DROP INDEX by_v"),
        ("a function", "CREATE FUNCTION plus (a int, b int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return a + b;'"),
        ("a function of a collection", "CREATE FUNCTION size_of (l list<frozen<pair>>) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS 'return l.size();'"),
        ("a function that throws", "CREATE FUNCTION throws (a int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'throw new RuntimeException(\"on purpose\");'"),
        ("a function that is there", "CREATE FUNCTION plus (a int, b int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return 1;'"),
        ("a function is replaced", "CREATE OR REPLACE FUNCTION plus (a int, b int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return b + a;'"),
        ("an aggregate", "CREATE AGGREGATE total (int) SFUNC plus STYPE int INITCOND 0"),
        ("an aggregate is replaced", "CREATE OR REPLACE AGGREGATE total (int) SFUNC plus STYPE int INITCOND 1"),
        ("an aggregate goes", "DROP AGGREGATE total"),
        ("a function goes", "DROP FUNCTION size_of (list<frozen<pair>>)"),
        ("a table is emptied", "TRUNCATE gone"),
        ("a table goes", "DROP TABLE gone"),
        ("a table that is not there", "DROP TABLE gone"),
        ("a type in use stays", "DROP TYPE pair"),
        ("a type to drop", "CREATE TYPE brief (x int)"),
        ("a type goes", "DROP TYPE brief"),
        ("a keyspace goes", 'DROP KEYSPACE "Other"'),
    ):
        c.query(cql, about)


def every_type(c):
    names = ", ".join(LITERALS)
    c.must(f"INSERT INTO every (k, c, {names}) VALUES (1, 1, {', '.join(LITERALS.values())})", "each type once")
    c.must("INSERT INTO every (k, c) VALUES (1, 2)", "null everywhere")
    c.must("INSERT INTO every (k, c, t, bl, s, l, m) VALUES (2, 1, '', 0x, {}, [], {})", "empty, and emptied")
    c.must("INSERT INTO every (k, c, i, bi, ts) VALUES (3, 1, blobAsInt(0x), blobAsBigint(0x), blobAsTimestamp(0x))",
           "empty numbers")
    c.must("INSERT INTO every (k, c, tp, ud, nu) VALUES (4, 1, (null, 'x'), {field: null}, {one: null})", "null inside")
    for columns in [[n] for n in LITERALS] + [list(LITERALS)[:10], list(LITERALS)[10:18], list(LITERALS)[18:]]:
        c.query(f"SELECT {', '.join(columns)} FROM every WHERE k = 1", f"rows: {', '.join(columns)}")
    for k in (2, 3, 4):
        c.query(f"SELECT * FROM every WHERE k = {k}", "rows with what is empty or null")
    c.query("SELECT * FROM every WHERE k = 99", "no row")
    for expression in (
        "count(*)", "token(k)", "writetime(i), ttl(i)", "JSON k, t, m", "CAST(i AS text)", "DISTINCT k, st",
        "k AS other_name", "(int)7", "ud.field, nu.one", "m['x'], s['a']", "l", "toTimestamp(tu)", "v, similarity_cosine(v, [1, 2, 3])",
        "max(c), min(i), avg(fl)", "total_no_such(c)", "(tuple<int, text>)(1, 'x')", "[k, c], {k: c}",
    ):
        where = "" if expression.startswith("DISTINCT") else "WHERE k = 1"
        c.query(f"SELECT {expression} FROM every {where}", f"SELECT {expression}")


def parameters(c):
    q = "SELECT k, c FROM every WHERE k = ?"
    c.query(q, "a value", values=[1])
    c.query("SELECT k, c FROM every WHERE k = :key", "a value by name", values={"key": 1})
    c.query("SELECT k, c FROM every WHERE k = :key AND c = :C", "two values by name, in another order", values={"c": 1, "key": 1})
    c.query(q, "a name that is not there", values={"no": 1})
    c.query(q, "a value too many", values=[1, 2])
    c.query(q, "a value of a wrong length", values=[b"\0\0\1"])
    c.query(q, "null as a key", values=[None])
    c.query(q, "unset as a key", values=[UNSET])
    c.query("INSERT INTO every (k, c, i, t) VALUES (?, ?, ?, ?)", "null, and unset", values=[5, 1, None, UNSET])
    c.query("INSERT INTO every (k, c, l) VALUES (?, ?, ?)", "a list as a value",
            values=[5, 1, integer(2) + value(1) + value(2)])
    c.query("SELECT k, c FROM every", "a page of one row", page=1)
    _, _, body = c.query("SELECT k, c FROM every", "a page of two rows", page=2)
    _, _, body = c.query("SELECT k, c FROM every", "the next page", page=2, state=paging_state(body))
    c.query("SELECT k, c FROM every", "a page without metadata", page=2, state=paging_state(body), skip=True)
    c.query("SELECT k, c FROM every", "a paging state of nobody", page=2, state=b"no such state")
    c.query("SELECT k, c FROM every", "wrong: pages of nothing", page=0)
    c.query("SELECT k, c FROM every WHERE k = 1", "skip metadata, which is not done here", skip=True)
    c.query("INSERT INTO every (k, c) VALUES (6, 1)", "with a time", time=1700000000000000)
    c.query("INSERT INTO every (k, c) VALUES (6, 1)", "wrong: a time that is none", time=-(2**63))
    c.query("SELECT writetime(i) FROM every WHERE k = 1 AND c = 1", "with everything", values=[], page=10,
            serial=LOCAL_SERIAL, time=1, skip=True, cl=LOCAL_ONE)
    for cl in range(11):
        c.query("SELECT k FROM every WHERE k = 1 LIMIT 1", f"consistency {cl}", cl=cl)
    c.query("SELECT k FROM every WHERE k = 1", "an unknown consistency", cl=77)
    for cl in (ANY, TWO, ALL, SERIAL, EACH_QUORUM):
        c.query("INSERT INTO every (k, c) VALUES (6, 2)", f"a write of consistency {cl}", cl=cl)
    c.query("INSERT INTO two (a, b, c) VALUES (1, 'b', 1) IF NOT EXISTS", "a condition that holds", serial=SERIAL)
    c.query("INSERT INTO two (a, b, c) VALUES (1, 'b', 1) IF NOT EXISTS", "a condition that does not hold", serial=LOCAL_SERIAL)
    c.query("UPDATE two SET v = 'x' WHERE a = 1 AND b = 'b' AND c = 1 IF v = null", "IF v = null")
    c.query("UPDATE two SET v = 'x' WHERE a = 1 AND b = 'b' AND c = 9 IF EXISTS", "IF EXISTS of what is not there")
    c.query("INSERT INTO two (a, b, c) VALUES (2, 'b', 1) IF NOT EXISTS", "wrong: a serial consistency that is none", serial=ONE)
    c.query("UPDATE counts SET n = n + 3 WHERE k = 1", "a counter")
    c.query("SELECT * FROM counts", "a counter is read")


def flags(c):
    c.query("SELECT k FROM every WHERE k = 1", "traced", flags=TRACING)
    c.query("INSERT INTO every (k, c) VALUES (7, 1)", "a write that is traced", flags=TRACING)
    c.query("SELECT no FROM every", "an error that is traced", flags=TRACING)
    payload = short(2) + string("key") + value(b"\1\2") + string("null") + value(None)
    c.query("SELECT k FROM every WHERE k = 1", "with a payload", flags=PAYLOAD, payload=payload)
    c.query("SELECT k FROM every WHERE k = 1", "with an empty payload, traced", flags=PAYLOAD | TRACING, payload=short(0))
    c.query("SELECT count(*) FROM every", "a warning")
    c.query("SELECT count(*) FROM every", "a warning, traced", flags=TRACING)
    c.query("SELECT k FROM every WHERE k IN (1, 2) ", "with a flag of a beta version", flags=0x10)


def prepared(c):
    ids = {}
    for about, cql in (
        ("prepared: a SELECT", "SELECT k, c, t FROM every WHERE k = ?"),
        ("prepared: no marker", "SELECT key FROM system.local"),
        ("prepared: nothing comes back", "INSERT INTO every (k, c, t) VALUES (?, ?, ?)"),
        ("prepared: the key in another order", "INSERT INTO two (a, b, c, v) VALUES (?, ?, ?, ?)"),
        ("prepared: markers with names", "SELECT v FROM two WHERE a = :first AND b = :second"),
        ("prepared: a name twice", "SELECT v FROM two WHERE a = :x AND b = :y AND c = :x"),
        ("prepared: half of the key", "SELECT v FROM two WHERE a = ? AND b = 'b'"),
        ("prepared: IN", "SELECT k, c FROM every WHERE k IN ?"),
        ("prepared: a condition", "UPDATE two SET v = ? WHERE a = ? AND b = ? AND c = ? IF v = ?"),
        ("prepared: a condition on existence", "INSERT INTO two (a, b, c) VALUES (?, ?, ?) IF NOT EXISTS"),
        ("prepared: a batch of two tables", "BEGIN BATCH INSERT INTO every (k, c) VALUES (?, ?); "
         "INSERT INTO two (a, b, c) VALUES (?, ?, ?); APPLY BATCH"),
        ("prepared: LIMIT, time and lifetime", "UPDATE every USING TTL ? AND TIMESTAMP ? SET i = ? WHERE k = ? AND c = ?"),
        ("prepared: collections", "UPDATE every SET l = l + ?, m[?] = ?, ud = ?, nt = ? WHERE k = ? AND c = ?"),
        ("prepared: every column", "SELECT * FROM every WHERE k = ?"),
        ("prepared: a counter", "UPDATE counts SET n = n + ? WHERE k = ?"),
        ("prepared: a function", "SELECT plus(k, ?) FROM every WHERE k = ?"),
        ("prepared: a vector", "SELECT k FROM every WHERE k = ? ORDER BY v ANN OF ? LIMIT 1"),
        ("prepared: USE", "USE v"),
        ("prepared: DDL", "CREATE TABLE IF NOT EXISTS counts (k int PRIMARY KEY)"),
        ("prepared: an error", "SELECT no FROM every"),
        ("prepared: no CQL", "SELEC"),
    ):
        opcode, _, body = c.ask(PREPARE, long_string(cql), about)
        if opcode == RESULT:
            ids[about[10:]] = body[6 : 6 + struct.unpack(">H", body[4:6])[0]]
    select = ids["a SELECT"]
    c.execute(select, "executed", values=[1])
    c.execute(select, "executed, without metadata", values=[1], skip=True)
    _, _, body = c.execute(select, "executed, without metadata, in pages", values=[1], skip=True, page=1)
    c.execute(select, "executed: its next page", values=[1], skip=True, page=1, state=paging_state(body))
    c.execute(select, "executed, traced, without metadata", flags=TRACING, values=[1], skip=True)
    c.execute(select, "executed with a value by name", values={"k": 1})
    c.execute(select, "executed without its value")
    c.execute(select, "executed, with everything", values=[1], skip=True, page=5, serial=SERIAL, time=9, cl=LOCAL_QUORUM)
    c.execute(ids["nothing comes back"], "a write is executed", values=[8, 1, "text"])
    c.execute(ids["nothing comes back"], "a write with null and unset", values=[8, 2, UNSET])
    c.execute(ids["the key in another order"], "a write with a key of two", values=[3, "b", 1, "v"])
    c.execute(ids["markers with names"], "names in another order", values={"second": "b", "first": 3})
    c.execute(ids["a condition"], "a condition that holds", values=["w", 3, "b", 1, "v"])
    c.execute(ids["a condition"], "a condition that does not hold", values=["w", 3, "b", 1, "v"], serial=LOCAL_SERIAL)
    c.execute(ids["every column"], "every column, without metadata", values=[4], skip=True)
    c.execute(ids["a counter"], "a counter", values=[struct.pack(">q", 2), 1])
    c.execute(b"no such statement", "an id that is not known", values=[1])
    c.execute(bytes(range(16)), "an id of 16 bytes that is not known", values=[1])
    return ids


def batches(c, ids):
    insert, count = ids["nothing comes back"], ids["a counter"]
    text = "INSERT INTO every (k, c) VALUES (20, 1)"
    c.ask(BATCH, batch(0, [(text, [])]), "a logged batch of one text")
    c.ask(BATCH, batch(0, [(text, []), (insert, [20, 2, "x"]), ("INSERT INTO every (k, c, i) VALUES (?, ?, ?)", [20, 3, 7])]),
          "a logged batch of texts and ids")
    c.ask(BATCH, batch(1, [(insert, [21, 1, None]), (insert, [21, 2, UNSET])], cl=LOCAL_QUORUM), "an unlogged batch: null, unset")
    c.ask(BATCH, batch(2, [(count, [struct.pack(">q", 1), 1]), ("UPDATE counts SET n = n - 1 WHERE k = 2", [])]), "a batch of counters")
    c.ask(BATCH, batch(0, [(text, [])], time=1700000000000001), "a batch with a time")
    c.ask(BATCH, batch(0, [(text, [])], serial=LOCAL_SERIAL, time=1), "a batch with a serial consistency and a time")
    c.ask(BATCH, batch(0, [("INSERT INTO two (a, b, c) VALUES (30, 'b', 1) IF NOT EXISTS", [])], serial=SERIAL), "a batch with a condition that holds")
    c.ask(BATCH, batch(0, [("INSERT INTO two (a, b, c) VALUES (30, 'b', 1) IF NOT EXISTS", []),
                           ("INSERT INTO two (a, b, c) VALUES (30, 'b', 2) IF NOT EXISTS", [])], serial=SERIAL), "a batch with one that does not")
    c.ask(BATCH, batch(0, []), "an empty batch")
    c.ask(BATCH, batch(0, [(text, [])]), "a batch that is traced", TRACING)
    c.ask(BATCH, short(1) + string("key") + value(b"v") + batch(1, [(text, [])]), "a batch with a payload", PAYLOAD)
    c.ask(BATCH, batch(1, [(insert, [100 + i, 1, "x"]) for i in range(12)]), "unlogged, of many partitions: a warning")
    c.ask(BATCH, batch(0, [(insert, [22, i, "x" * 600]) for i in range(12)]), "large: a warning")
    c.ask(BATCH, batch(0, [("SELECT * FROM every", [])]), "a SELECT in a batch")
    c.ask(BATCH, batch(2, [(text, [])]), "a batch of counters without one")
    c.ask(BATCH, batch(0, [(bytes(16), [])]), "an id that is not known")
    c.ask(BATCH, batch(0, [(insert, [1])]), "too few values")
    c.ask(BATCH, batch(9, [(text, [])]), "wrong: a kind of batch that is not there")
    c.ask(BATCH, batch(0, [(text, [])], cl=THREE), "a batch for which nodes are missing")


def errors(c, connect):
    for about, cql in (
        ("syntax", "SELEC * FROM every"),
        ("syntax, in the middle", "SELECT * FORM every"),
        ("a table that is not there", "SELECT * FROM nothing"),
        ("a keyspace that is not there", "SELECT * FROM nothing.nothing"),
        ("no filtering", "SELECT * FROM every WHERE i = 1"),
        ("a key is missing", "INSERT INTO every (c) VALUES (1)"),
        ("a value of another type", "INSERT INTO every (k, c) VALUES ('x', 1)"),
        ("a function throws", "SELECT throws(k) FROM every WHERE k = 1"),
        ("no statement", ""),
        ("options of a table that do not do", "CREATE TABLE bad (k int PRIMARY KEY) WITH gc_grace_seconds = -1"),
        ("an option that is not there", "CREATE TABLE bad (k int PRIMARY KEY) WITH no_such = 1"),
        ("a compaction that is not there", "CREATE TABLE bad (k int PRIMARY KEY) WITH compaction = {'class': 'NoSuch'}"),
    ):
        c.query(cql, f"error: {about}")
    c.must("CREATE ROLE IF NOT EXISTS guest WITH PASSWORD = 'guest' AND LOGIN = true", "a role")
    guest = connect()
    guest.startup()
    guest.login("guest", "guest", "another user")
    guest.query("SELECT * FROM v.every", "what a user may not read")
    guest.query("DROP KEYSPACE v", "what a user may not drop")
    guest.query("LIST ROLES", "the roles that a user has")
    c.query("LIST ROLES", "the roles")
    c.query("GRANT SELECT ON v.two TO guest", "a right")
    c.query("LIST ALL PERMISSIONS OF guest", "the rights")
    c.query("DROP ROLE guest", "a role goes")
    for opcode, about in ((READY, "wrong: READY, which is no request"), (0x04, "wrong: an opcode that is gone"), (0x77, "wrong: no opcode")):
        other = started(connect)
        other.ask(opcode, b"", about)


def tombstones(c):
    c.must("CREATE TABLE graves (k int PRIMARY KEY, s set<int>)", "a table of tombstones")
    update = "UPDATE graves SET s = s - ? WHERE k = ?"
    for k, counts in ((1, [1500]), (2, [60000, 60000])):
        base = 0
        for n in counts:
            elements = integer(n) + b"".join(value(base + i) for i in range(n))
            c.query(update, "tombstones", values=[elements, k])
            base += n
        c.query(f"SELECT * FROM graves WHERE k = {k}", "many tombstones")
        c.query(f"SELECT * FROM graves WHERE k = {k}", "many tombstones, traced", flags=TRACING)
    c.query("DROP TABLE graves", "a table goes")


def compressed(connect):
    c = started(connect, COMPRESSION="lz4")
    c.ask(OPTIONS, b"", "LZ4: OPTIONS")
    c.query("SELECT k, c, t FROM v.every WHERE k = 1", "LZ4: rows")
    c.query("SELECT * FROM v.every WHERE k = 1", "LZ4: every column")
    c.query("SELECT no FROM v.every", "LZ4: an error")
    c.query("INSERT INTO v.every (k, c) VALUES (9, 1)", "LZ4: nothing comes back")
    c.query("SELECT count(*) FROM v.every", "LZ4: a warning, traced", flags=TRACING)
    c.prepare("SELECT k, c, t FROM v.every WHERE k = ?", "LZ4: prepared")
    c.ask(BATCH, batch(0, [("INSERT INTO v.every (k, c) VALUES (?, ?)", [9, i]) for i in range(4)]), "LZ4: a batch")
    c.query("SELECT keyspace_name FROM system_schema.keyspaces", "LZ4: names that repeat")


PAIR = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}"


def pairs(connect):
    c = open_started(connect)
    c.must(f"CREATE KEYSPACE pairs {PAIR}", "a keyspace of two nodes")
    c.must("CREATE TABLE pairs.t (k int PRIMARY KEY)", "a table of two nodes")
    c.must("CREATE TABLE pairs.n (k int PRIMARY KEY, n counter)", "a table of two nodes, counters")
    c.query("SELECT * FROM pairs.t WHERE k = 1", "both nodes answer", cl=ALL)
    c.query("SELECT peer, data_center, native_port, release_version FROM system.peers_v2", "the other node")


def in_vain(connect, why):
    """All at the same time, for each waits for its own timeout."""
    texts = [("INSERT INTO pairs.t (k) VALUES (3)", []), ("INSERT INTO pairs.t (k) VALUES (4)", [])]

    def query(about, cql, cl):
        return lambda c: c.query(cql, f"{why}: {about}", cl=cl)

    def both(about, kind):
        return lambda c: c.ask(BATCH, batch(kind, texts, cl=ALL), f"{why}: {about}")

    asks = [
        query("a table is emptied", "TRUNCATE pairs.t", ONE),
        query("a read", "SELECT * FROM pairs.t WHERE k = 1", ALL),
        query("a write", "INSERT INTO pairs.t (k) VALUES (1)", ALL),
        query("a condition", "INSERT INTO pairs.t (k) VALUES (2) IF NOT EXISTS", ONE),
        query("a serial read", "SELECT * FROM pairs.t WHERE k = 1", SERIAL),
        query("a counter", "UPDATE pairs.n SET n = n + 1 WHERE k = 1", ALL),
        both("a batch, logged", 0),
        both("a batch, unlogged", 1),
    ]
    threads = [threading.Thread(target=ask, args=(open_started(connect),)) for ask in asks]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def open_started(connect):
    """On a node that asks nobody for a name."""
    c = connect()
    c.startup("STARTUP")
    return c


def listen(connect):
    c = open_started(connect)
    names = ("TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE")
    c.ask(REGISTER, short(3) + b"".join(string(n) for n in names), "REGISTER for all events")
    c.labels.flush()
    c.socket.settimeout(None)
    try:
        while True:
            c.frame()
    except EOFError:
        pass  # the recorder has ended


def one_node(connect):
    ear = listener(connect)
    handshakes(connect)
    c = started(connect)
    schema(c)
    every_type(c)
    parameters(c)
    flags(c)
    batches(c, prepared(c))
    errors(c, connect)
    tombstones(c)
    compressed(connect)
    c.query("DROP KEYSPACE v", "a keyspace goes with all that is in it")
    ear.ask(OPTIONS, b"", "OPTIONS behind events")


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    with open(sys.argv[2], "a", encoding="utf-8") as labels:

        def connect(lz4=False):
            return Connection((host, int(port)), labels, lz4)

        {
            "all": one_node,
            "listen": listen,
            "pairs": pairs,
            "silent": lambda c: in_vain(c, "the other node is silent"),
            "down": lambda c: in_vain(c, "the other node is down"),
        }[sys.argv[3]](connect)


if __name__ == "__main__":
    main()
