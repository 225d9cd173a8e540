/*
 * test_frame_out.c - frames on their way to standard output: one whose text is too long is left out
 * and told, and the next one is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/inspect/frame.h"

enum { FIELDS = 500, TUPLES = 50, LIMIT = 10000 };

static const struct frame_options options = {.style = {.json = true}, .stream = -1};

/* A row with a list of tuples of which all fields are missing but the first, which is null. */
static void put_bomb(struct cqlr_wr *w)
{
    static const struct cqlr_type number = {.id = CQLR_TYPE_INT};
    struct cqlr_type fields[FIELDS];
    const struct cqlr_type tuple = {.id = CQLR_TYPE_TUPLE, .count = FIELDS, .sub = fields};
    const struct cqlr_type list = {.id = CQLR_TYPE_LIST, .count = 1, .sub = &tuple};
    const struct cqlr_column c = {
        .keyspace = cqlr_cstr("k"), .table = cqlr_cstr("t"), .name = cqlr_cstr("v"), .type = &list};
    const struct cqlr_value none = {NULL, CQLR_NULL};
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = number;
    assert_int_equal(cqlr_rows_write(w, &c, 1, 0, none, 1), 0);
    cqlr_wr_i32(w, 4 + 8 * TUPLES);
    cqlr_wr_i32(w, TUPLES);
    for (size_t i = 0; i < TUPLES; i++) {
        cqlr_wr_i32(w, 4);
        cqlr_wr_i32(w, CQLR_NULL);
    }
    assert_int_equal(w->rc, 0);
}

/* What is written to fd, from now until it is read. */
static int catch_begin(int fd, int pipe_fd[2])
{
    int saved = dup(fd);
    assert_int_equal(pipe(pipe_fd), 0);
    assert_int_equal(dup2(pipe_fd[1], fd), fd);
    close(pipe_fd[1]);
    return saved;
}

static void catch_end(int fd, int saved, const int pipe_fd[2], char *text, size_t size)
{
    assert_int_equal(dup2(saved, fd), fd);
    close(saved);
    ssize_t n = read(pipe_fd[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close(pipe_fd[0]);
}

static void a_frame_whose_text_is_too_long_is_left_out_and_told(void **state)
{
    struct cqlr_frame f = {.version = 4, .response = true, .opcode = CQLR_OP_RESULT};
    struct frame_out out;
    struct cqlr_wr body;
    char said[1000];
    int fd[2];
    (void)state;
    cqlr_wr_init(&body, NULL, 0);
    put_bomb(&body);
    f.length = (uint32_t)body.n;
    frame_out_init(&out);
    assert_int_equal(out.w.limit, TEXT_LIMIT);
    out.w.limit = LIMIT;

    int saved = catch_begin(STDERR_FILENO, fd);
    frame_out_print(&out, &options, &f, (struct cqlr_bytes){body.p, body.n}, body.p, NULL, "here");
    catch_end(STDERR_FILENO, saved, fd, said, sizeof said);
    assert_string_equal(said, "cqlraw frame: here: the frame as text: limit exceeded\n");
    assert_int_equal(out.w.n, 0);

    f = (struct cqlr_frame){.version = 4, .opcode = CQLR_OP_OPTIONS};
    saved = catch_begin(STDOUT_FILENO, fd);
    frame_out_print(&out, &options, &f, (struct cqlr_bytes){body.p, 0}, body.p, NULL, "there");
    int code = frame_out_fini(&out);
    catch_end(STDOUT_FILENO, saved, fd, said, sizeof said);
    assert_int_equal(code, EXIT_ABORTED);
    assert_non_null(strstr(said, "\"opcode\":\"OPTIONS\""));
    cqlr_wr_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_whose_text_is_too_long_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
