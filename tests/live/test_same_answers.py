"""The statements of same_answers.cql are answered equally to cqlraw and to the Python driver.

Each works in a keyspace of its own on the same server, so that also what statements change is compared. Equal
are the columns' names in their order, every value as a value of its type (not as text), and what is refused:
the server's code and message. Prints `N passed, N failed`.
"""

import csv
import io
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "truth"))

from cassandra import cqltypes, protocol
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy
from cassandra.query import SimpleStatement, tuple_factory

import families
import nested
from nested import read_json_text
from reader import keep_what_the_server_sent
from times import Timestamp

CONTACT = os.environ["CONTACT"]
CQLRAW = os.environ.get("CQLRAW", str(HERE.parents[1] / "build" / "cqlraw"))
OURS, THEIRS = "cqlraw_same_ours", "cqlraw_same_them"  # of one length, as some messages point at a column
EMPTY = cqltypes.EMPTY


class Milliseconds(Timestamp):
    def from_driver(self, value):
        return value


SCALARS = {t.name: t for t in (*families.SCALARS, families.COUNTER)}
SCALARS |= {"timestamp": Milliseconds(), "varchar": families.TEXT}


def type_of(t):
    """The type that reads our JSON, and the driver's values."""
    subs = [type_of(sub) for sub in t.subtypes]
    if issubclass(t, cqltypes.UserType):
        return nested.Udt(t.fieldnames, subs)
    if issubclass(t, cqltypes.TupleType):
        return nested.Tuple(subs)
    if issubclass(t, cqltypes.VectorType):
        return nested.Vector(type_of(t.subtype), t.vector_size)
    for kind, made in ((cqltypes.ListType, nested.List), (cqltypes.SetType, nested.Set), (cqltypes.MapType, nested.Map)):
        if issubclass(t, kind):
            return made(*subs)
    return subs[0] if issubclass(t, (cqltypes.FrozenType, cqltypes.ReversedType)) else SCALARS[t.typename]


class Refused(Exception):
    """What the server said: code and message."""


def cqlraw(cql, page, output):
    """What `cqlraw query` prints."""
    done = subprocess.run([CQLRAW, "query", "--no-config", "--host", CONTACT, "-k", OURS, "--timeout", "60s",
                           "--page-size", str(page), "--format", output, "-e", cql],
                          capture_output=True, encoding="utf-8", check=False)
    errors = [line for line in done.stderr.splitlines() if ": warning: " not in line]
    if done.returncode == 2:
        kind, _, message = "\n".join(errors).removeprefix("cqlraw query: ").partition("): ")
        raise Refused(int(kind[-4:], 16), message)
    if done.returncode or errors:
        raise RuntimeError(f"exit code {done.returncode}: {errors}")
    return done.stdout


def ours(cql, page):
    """Rows of pairs: name and JSON value."""
    return [read_json_text(line) for line in cqlraw(cql, page, "ndjson").split("\n")[:-1]]


def theirs(session, cql, page):
    """Names, types and rows; of what gives no rows all are empty."""
    try:
        result = session.execute(SimpleStatement(cql, fetch_size=page), timeout=60)
        return result.column_names or [], result.column_types or [], list(result)
    except protocol.ErrorMessage as error:
        raise Refused(error.code, error.message + subject(error.info or {})) from error


def subject(info):
    """What the server says an error is about, as cqlraw puts it behind the message."""
    if "function" in info:
        return f" [{info['keyspace']}.{info['function']}({', '.join(info['arg_types'])})]"
    return f" [{info['keyspace']}.{info['table']}]" if "table" in info else ""


def normal(read, type_, value):
    """null and empty are no values of the type."""
    if value is None:
        return "null"
    return "empty" if value is EMPTY else type_.norm(read(value))


def compare_rows(cql, page, rows, names, types, wanted):
    types = [type_of(t) for t in types]
    yield "number of rows", len(rows), len(wanted)
    if not rows and names:  # where JSON says no names, a header does
        yield "names", next(csv.reader(io.StringIO(cqlraw(cql, page, "csv")))), names
    for number, (row, values) in enumerate(zip(rows, wanted), 1):
        found_names = [name.replace(OURS, THEIRS) for name, _ in row]  # a function's has its keyspace
        yield f"names in row {number}", found_names, names
        for (name, found), type_, value in zip(row, types, values):
            found = EMPTY if value is EMPTY and found == "" else found
            yield (f"row {number} {name} {type_.name}", normal(type_.read_json, type_, found),
                   normal(type_.from_driver, type_, value))


def answers(session, cql, page):
    """Of each its error or None, and what came."""
    for keyspace, ask in ((OURS, lambda: ours(cql, page)), (THEIRS, lambda: theirs(session, cql, page))):
        try:
            yield None, ask()
        except Refused as error:
            code, message = error.args
            yield (code, message.replace(keyspace, "KEYSPACE")), None


def problems(session, cql, page, refused):
    (our_error, rows), (their_error, result) = answers(session, cql, page)
    if our_error != their_error:
        yield "the error", our_error, their_error
    elif bool(their_error) != refused:
        yield "the error", their_error, "one" if refused else None
    elif not refused:
        yield from (found for found in compare_rows(cql, page, rows, *result) if found[1] != found[2])


def read_statements():
    """(statement, page size, whether it is refused)"""
    page = 5000
    for line in (HERE / "same_answers.cql").read_text(encoding="utf-8").split("\n"):
        if line.startswith("-- page "):
            page = int(line.removeprefix("-- page "))
        elif line and not line.startswith("--"):
            yield line.removeprefix("! "), page, line.startswith("! ")


def connect():
    keep_what_the_server_sent()
    cqltypes._CassandraType.support_empty_values = True  # by default empty is None, as null is
    for name in dir(protocol):  # errors as they came, not as the driver's own exceptions
        kind = getattr(protocol, name)
        if isinstance(kind, type) and issubclass(kind, protocol.ErrorMessage):
            kind.to_exception = lambda self: self
    host, port = CONTACT.rsplit(":", 1)
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), retry_policy=FallthroughRetryPolicy(),
                               row_factory=tuple_factory)
    cluster = Cluster([host], port=int(port), protocol_version=4, schema_metadata_enabled=False,
                      token_metadata_enabled=False, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session = cluster.connect()
    session.client_protocol_handler = protocol._ProtocolHandler  # the one that asks cqltypes for each value
    session.use_client_timestamp = False
    return cluster, session


def main():
    passed = failed = 0
    cluster, session = connect()
    for keyspace in (OURS, THEIRS):
        session.execute(f"DROP KEYSPACE IF EXISTS {keyspace}", timeout=60)
        session.execute(f"CREATE KEYSPACE {keyspace} WITH replication ="
                        " {'class': 'SimpleStrategy', 'replication_factor': 1}", timeout=60)
    session.set_keyspace(THEIRS)
    for cql, page, refused in read_statements():
        try:
            found = list(problems(session, cql, page, refused))
        except Exception as error:  # any kind: what could not be compared has failed
            found = [("the test itself", f"{type(error).__name__}: {error}", "no exception")]
        passed, failed = passed + (not found), failed + bool(found)
        for what, got, wanted in found[:5]:
            print(f"FAIL  {cql:.150}\n      page size {page}, {what}:\n"
                  f"      cqlraw: {got!r:.300}\n      driver: {wanted!r:.300}")
    for keyspace in (OURS, THEIRS):
        session.execute(f"DROP KEYSPACE {keyspace}", timeout=60)
    cluster.shutdown()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
