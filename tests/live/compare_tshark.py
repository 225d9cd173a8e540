#!/usr/bin/env python3
"""Compares what tshark and `cqlraw frame decode` say of a capture, frame by frame.

compare_tshark.py PDML FRAMES PAIRS

PDML is of tshark -T pdml, FRAMES of frame decode --json, PAIRS of frame decode --json --pair. Ends with
"N passed, N failed", a check a frame. What tshark (4.0, 4.2) is known to say wrong is not compared:

- the strings of a schema change, in RESULT and in EVENT, which it takes for longer than they are
- the cells of rows: collections put it out of step, and names of further columns follow the row count
- the message behind a trace id, warnings or a payload, which it takes for the message
"""
import json
import sys
import xml.etree.ElementTree as ElementTree

OPCODES = ("ERROR STARTUP READY AUTHENTICATE - OPTIONS SUPPORTED QUERY RESULT PREPARE EXECUTE REGISTER EVENT BATCH "
           "AUTH_CHALLENGE AUTH_RESPONSE AUTH_SUCCESS").split()
KINDS = " VOID ROWS SET_KEYSPACE PREPARED SCHEMA_CHANGE".split(" ")
LEVELS = "ANY ONE TWO THREE QUORUM ALL LOCAL_QUORUM EACH_QUORUM SERIAL LOCAL_SERIAL LOCAL_ONE".split()
FLAGS = "compressed tracing payload warning".split()
ROW_COUNT = "result.rows.row_count"


def shown(field):
    """The value; of texts from their bytes, for in XML attributes a newline becomes a blank."""
    if field.get("name") not in ("cql.string", "cql.result.rows.column_name"):
        return field.get("show")
    return bytes.fromhex(field.get("value", "")).decode()


def tshark_frames(path):
    """Each frame as (name, value) in order, without what follows the number of rows."""
    for packet in ElementTree.parse(path).getroot():
        for proto in packet.findall("proto[@name='cql']"):
            said = [(f.get("name")[4:], shown(f)) for f in proto.iter("field") if f.get("name", "").startswith("cql.")]
            names = [name for name, _ in said]
            behind = said[names.index(ROW_COUNT) + 1:] if ROW_COUNT in names else []
            times = [(name, value) for name, value in behind if name == "response_time"]
            yield (said[:len(said) - len(behind)] + times) if behind else said


def tshark_says(said):
    first = {}
    for name, value in said:
        first.setdefault(name, value)
    flags, opcode = int(first["flags"], 16), OPCODES[int(first["opcode"])]
    told = {"version": int(first["protocol_version"]), "direction": "response" if int(first["direction"], 16) else "request",
            "stream": int(first["stream"]), "opcode": opcode, "length": int(first["message_length"]),
            "flags": [name for bit, name in enumerate(FLAGS) if flags >> bit & 1]}
    if told["direction"] == "response" and flags & 0x0e:
        return told
    if opcode in ("QUERY", "PREPARE"):
        told["cql"] = first["string"]
    if opcode in ("QUERY", "EXECUTE", "BATCH"):
        told["consistency"] = LEVELS[int(first["consistency"], 16)]
    if opcode == "EXECUTE" or first.get("result.kind") == "4":
        told["id"] = "0x" + first["query_id"].replace(":", "")
    if "page_size" in first:
        told["page_size"] = int(first["page_size"])
    if opcode == "ERROR":
        told["code"], told["message"] = f"0x{int(first['error_code']):04x}", first["string"]
    if opcode == "REGISTER":
        told["events"] = [value for name, value in said if name == "string"]
    if opcode == "STARTUP":
        strings = [value for name, value in said if name == "string"]
        told["options"] = dict(zip(strings[::2], strings[1::2]))
    if opcode == "RESULT":
        told["kind"] = KINDS[int(first["result.kind"])]
    if ROW_COUNT in first:
        told["row_count"] = int(first[ROW_COUNT])
        columns = [value for name, value in said if name == "result.rows.column_name"]
        if columns:
            told["columns"] = columns
    return told


def ours(frame, told):
    """Of our frame what tshark has told."""
    mine = {key: frame.get(key) for key in told}
    if isinstance(mine.get("columns"), list):
        mine["columns"] = [c["name"] for c in mine["columns"]]
    return mine


def latencies(frames, pairs):
    """How long each exchange took: ours and tshark's, in order of the answers, in whole microseconds."""
    mine = [round(pair["latency_ms"] * 1000) for pair in pairs if "latency_ms" in pair]
    other = [int(float(dict(said)["response_time"]) * 1e6) for said in frames if "response_time" in dict(said)]
    return mine, other


def main():
    frames = list(tshark_frames(sys.argv[1]))
    mine = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
    pairs = [json.loads(line) for line in open(sys.argv[3], encoding="utf-8")]
    passed = failed = 0
    for number, (said, frame) in enumerate(zip(frames, mine), 1):
        told = tshark_says(said)
        if told == ours(frame, told):
            passed += 1
        else:
            failed += 1
            print(f"FAIL  frame {number}\n      tshark {told}\n      ours   {ours(frame, told)}")
    if len(frames) != len(mine) or not frames:
        failed += 1
        print(f"FAIL  tshark has {len(frames)} frames, we have {len(mine)}")
    times, others = latencies(frames, pairs)
    if len(times) == len(others) and all(abs(a - b) <= 1 for a, b in zip(times, others)):
        passed += 1
    else:
        failed += 1
        print(f"FAIL  latencies: ours {times}\n      tshark {others}")
    seen = sorted({frame["opcode"] for frame in mine})
    print(f"{len(mine)} frames, messages: {' '.join(seen)}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
