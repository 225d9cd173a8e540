/*
 * test_redact.c - passwords in CQL that is shown: which literals are hidden, and that nothing else
 * is.
 */
#include <time.h>

#include "tests/unit/msg_help.h"

#include "tools/cqlraw/io/redact.h"

static void shows(const char *text, const char *expected)
{
    size_t n = strlen(text);
    char *p = malloc(n + 1); /* so that AddressSanitizer sees its end */
    assert_non_null(p);
    memcpy(p, text, n);
    size_t left = redact(p, n);
    if (left != strlen(expected) || memcmp(p, expected, left) != 0)
        fail_msg("\"%s\" is shown as \"%.*s\", not as \"%s\"", text, (int)left, p, expected);
    free(p);
}

static void literals_behind_password_are_hidden(void **state)
{
    (void)state;
    shows("CREATE ROLE a WITH PASSWORD = 'hunter2' AND LOGIN = true",
          "CREATE ROLE a WITH PASSWORD = '***' AND LOGIN = true");
    shows("alter role a with login=true and password='hunter2'",
          "alter role a with login=true and password='***'");
    shows("CREATE USER a WITH PASSWORD 'hunter2' SUPERUSER;",
          "CREATE USER a WITH PASSWORD '***' SUPERUSER;");
    shows("ALTER USER a WITH HASHED PASSWORD '$2a$10$x'",
          "ALTER USER a WITH HASHED PASSWORD '***'");
    shows("ALTER ROLE a WITH PASSWORD = $$hun'ter$2$$ AND LOGIN=true",
          "ALTER ROLE a WITH PASSWORD = $$***$$ AND LOGIN=true");
    shows("PASSWORD\t=\r\n  'it''s ''mine''' x", "PASSWORD\t=\r\n  '***' x");
    shows("PASSWORD /* ' */ = -- no 'x'\n // y\n'hunter2'",
          "PASSWORD /* ' */ = -- no 'x'\n // y\n'***'");
    shows("WITH PASSWORD = 'one1'; ALTER USER b WITH PASSWORD 'two2'",
          "WITH PASSWORD = '***'; ALTER USER b WITH PASSWORD '***'");
    shows("PASSWORD = ''", "PASSWORD = ''");
    shows("PASSWORD = 'x'", "PASSWORD = '*'");
}

static void a_text_that_was_cut_hides_to_its_end(void **state)
{
    (void)state;
    shows("CREATE ROLE a WITH PASSWORD = 'hunter", "CREATE ROLE a WITH PASSWORD = '***");
    shows("PASSWORD = 'hunter2''s", "PASSWORD = '***");
    shows("PASSWORD = $$hunter$", "PASSWORD = $$***");
    shows("PASSWORD = '", "PASSWORD = '");
    shows("PASSWORD = $", "PASSWORD = $");
    shows("PASSWORD = $$", "PASSWORD = $$");
    shows("PASSWORD", "PASSWORD");
    shows("PASSWORD /* 'x'", "PASSWORD /* 'x'");
    shows("", "");
}

/* As Cassandra 5.0 says them. */
static void what_a_server_quotes_is_hidden_too(void **state)
{
    (void)state;
    shows("line 1:45 no viable alternative at input '5' (...WITH PASSWORD = 'hunter2' AND [5])",
          "line 1:45 no viable alternative at input '5' (...WITH PASSWORD = '***' AND [5])");
    shows(
        "line 1:30 mismatched input 'hunter2' expecting '=' (CREATE ROLE a PASSWORD ['hunter]...)",
        "line 1:30 mismatched input '***' expecting '=' (CREATE ROLE a PASSWORD ['***");
}

static void other_text_stays(void **state)
{
    static const char *const texts[] = {
        "SELECT 'hunter2' FROM t WHERE PASSWORDS = 'x' AND my_password = 'y'",
        "CREATE TABLE t (password text, x text)",
        "INSERT INTO t (password) VALUES ('x')",
        "there is no password for \"alice\" and no terminal to ask on: use --password-file",
        "CREATE ROLE a WITH PASSWORD = ? AND LOGIN = 'x'",
        "PASSWORD = \"x\" 'y'",
        "password hunter2 = 'x'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        shows(texts[i], texts[i]);
}

/* Each word is followed by comments that go on to the end. */
static void a_text_of_comments_takes_no_time(void **state)
{
    static const char piece[] = "PASSWORD\n--";
    size_t n = 200000 * (sizeof piece - 1);
    char *p = malloc(n);
    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = piece[i % (sizeof piece - 1)];
    clock_t start = clock();
    assert_int_equal(redact(p, n), n);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC); /* minutes, were it quadratic */
    free(p);
}

static void a_copy_is_appended(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "PASSWORD 'a' ", 13);
    redact_copy(&w, cqlr_cstr("PASSWORD 'hunter2'"));
    redact_copy(&w, (struct cqlr_str){NULL, 0});
    cqlr_wr_u8(&w, '!');
    assert_int_equal(w.n, 28);
    assert_memory_equal(w.p, "PASSWORD 'a' PASSWORD '***'!", 28);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_behind_password_are_hidden),
        cmocka_unit_test(a_text_that_was_cut_hides_to_its_end),
        cmocka_unit_test(what_a_server_quotes_is_hidden_too),
        cmocka_unit_test(other_text_stays),
        cmocka_unit_test(a_text_of_comments_takes_no_time),
        cmocka_unit_test(a_copy_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
