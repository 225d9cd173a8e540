/*
 * Lines from a descriptor → texts, however they arrive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include <cqlraw/wire.h>

#include "src/bulk/source/source_lines.h"

static struct cqlr_err err;

static void init(struct cqlr__lines *l, int fd)
{
    cqlr_source *s = cqlr_source_lines(fd, NULL, &err);
    cqlr__lines_init(l, s);
    cqlr_source_free(s);
}

/* The texts that `n` bytes written in pieces give, as "<a><b>"; null is "<NULL>". */
static void gives(const char *input, size_t piece, const char *want)
{
    struct cqlr__lines l;
    struct cqlr_wr got;
    size_t n = strlen(input), at = 0;
    int p[2];
    assert_int_equal(pipe(p), 0);
    init(&l, p[0]);
    cqlr_wr_init(&got, NULL, 0);
    for (;;) {
        size_t k = piece < n - at ? piece : n - at;
        bool full;
        if (k)
            assert_int_equal(write(p[1], input + at, k), k);
        at += k;
        if (!k && p[1] >= 0) {
            close(p[1]);
            p[1] = -1;
        }
        assert_int_equal(cqlr__lines_read(&l, &err), 1);
        do {
            full = cqlr__lines_gather(&l, 2);
            for (size_t off = 0; off < l.texts.n;) {
                int32_t len;
                memcpy(&len, l.texts.p + off, 4);
                cqlr_wr_u8(&got, '<');
                if (len < 0)
                    cqlr_wr_raw(&got, "NULL", 4);
                else
                    cqlr_wr_raw(&got, l.texts.p + off + 4, (size_t)len);
                cqlr_wr_u8(&got, '>');
                off += 4 + (size_t)(len > 0 ? len : 0);
            }
            cqlr_wr_reset(&l.texts);
            l.count = 0;
        } while (full);
        if (l.ended)
            break;
    }
    assert_int_equal(got.n, strlen(want));
    if (got.n)
        assert_memory_equal(got.p, want, got.n);
    cqlr_wr_fini(&got);
    cqlr__lines_fini(&l);
    close(p[0]);
}

static void lines_in_any_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 30; piece++) {
        gives("a\nbb\r\n\\N\n\nc,d\n", piece, "<a><bb><NULL><><c,d>");
        gives("a\nlast", piece, "<a><last>");
        gives("\\N", piece, "<NULL>");
        gives("\\Nx\nx\\N\n\\n\n", piece, "<\\Nx><x\\N><\\n>");
        gives("\r\n\n", piece, "<><>");
    }
    gives("", 1, "");
    for (size_t piece = 1; piece < 9; piece++)
        gives("\xEF\xBB\xBF"
              "a\r\n\xEF\xBB\xBF"
              "b\n",
              piece,
              "<a><\xEF\xBB\xBF"
              "b>");
}

static void a_line_of_more_than_16_mib_is_named(void **state)
{
    struct cqlr__lines l;
    int fds[2], rc = 1;
    char *big = malloc(65536);
    (void)state;
    memset(big, 'x', 65536);
    assert_int_equal(pipe(fds), 0);
    init(&l, fds[0]);
    assert_int_equal(write(fds[1], "one\n", 4), 4);
    assert_int_equal(cqlr__lines_read(&l, &err), 1);
    assert_false(cqlr__lines_gather(&l, 100));
    for (int i = 0; i < 257 && rc == 1; i++) {
        assert_int_equal(write(fds[1], big, 65536), 65536);
        rc = cqlr__lines_read(&l, &err);
        assert_false(cqlr__lines_gather(&l, 100));
        if (i < 256)
            assert_int_equal(rc, 1);
    }
    assert_int_equal(rc, CQLR_E_LIMIT);
    assert_string_equal(err.text, "parameters, line 2: longer than 16 MiB");
    cqlr__lines_fini(&l);
    close(fds[0]);
    close(fds[1]);
    free(big);
}

static void an_empty_pipe_is_not_waited_for(void **state)
{
    struct cqlr__lines l;
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    init(&l, fds[0]);
    assert_int_equal(cqlr__lines_read(&l, &err), 0);
    cqlr__lines_fini(&l);
    close(fds[0]);
    close(fds[1]);
    init(&l, 9999);
    assert_int_equal(cqlr__lines_read(&l, &err), CQLR_E_IO);
    cqlr__lines_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_any_pieces),
        cmocka_unit_test(a_line_of_more_than_16_mib_is_named),
        cmocka_unit_test(an_empty_pipe_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
