/*
 * test_frame.c - the frame header, and the names of the protocol's codes.
 */
#include "tests/unit/msg_help.h"

#include <cqlraw/version.h>

static void header_of_an_event_on_stream_minus_one(void **state)
{
    static const uint8_t p[CQLR_FRAME_HEADER] = {0x84, 0xF5, 0xFF, 0xFF, 0x0C, 0xFF, 0, 0, 1};
    uint8_t again[CQLR_FRAME_HEADER];
    struct cqlr_frame f;
    (void)state;
    cqlr_frame_read(p, &f);
    assert_true(f.response);
    assert_int_equal(f.version, 4);
    assert_int_equal(f.flags, 0xF5);
    assert_int_equal(f.stream, -1);
    assert_int_equal(f.opcode, CQLR_OP_EVENT);
    assert_int_equal(f.length, 0xFF000001u);
    cqlr_frame_write(again, &f);
    assert_memory_equal(again, p, sizeof p);
}

static void every_header_comes_back_as_it_was(void **state)
{
    uint8_t p[CQLR_FRAME_HEADER];
    uint8_t again[CQLR_FRAME_HEADER];
    struct cqlr_frame f;
    (void)state;
    for (unsigned at = 0; at < CQLR_FRAME_HEADER; at++) {
        for (unsigned v = 0; v < 256; v++) {
            memset(p, 0x5A, sizeof p);
            p[at] = (uint8_t)v;
            cqlr_frame_read(p, &f);
            cqlr_frame_write(again, &f);
            assert_memory_equal(again, p, sizeof p);
        }
    }
}

static void codes_have_names_and_unknown_ones_none(void **state)
{
    (void)state;
    assert_string_equal(cqlr_opcode_name(CQLR_OP_AUTH_SUCCESS), "AUTH_SUCCESS");
    assert_null(cqlr_opcode_name(0x04));
    assert_null(cqlr_opcode_name(0x11));
    assert_null(cqlr_opcode_name(0xFF));
    assert_string_equal(cqlr_consistency_name(CQLR_CL_LOCAL_ONE), "LOCAL_ONE");
    assert_null(cqlr_consistency_name(0x0B));
    assert_null(cqlr_consistency_name(0xFFFF));
    assert_string_equal(cqlr_version(), CQLRAW_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_of_an_event_on_stream_minus_one),
        cmocka_unit_test(every_header_comes_back_as_it_was),
        cmocka_unit_test(codes_have_names_and_unknown_ones_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
