/*
 * test_color.c - when output is decorated: the option first, then the environment, then the
 * terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <fcntl.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/cqlraw/rows/color.h"

static int terminal;

static void environment(const char *no_color, const char *force_color, const char *term)
{
    setenv("NO_COLOR", no_color, 1);
    setenv("FORCE_COLOR", force_color, 1);
    setenv("TERM", term, 1);
}

static bool on(const char *option, int fd)
{
    struct args a = {0};
    a.v[OPT_COLOR].text = option;
    return color_on(&a, fd);
}

static void the_option_decides_when_it_says_so(void **state)
{
    (void)state;
    environment("1", "", "dumb");
    assert_true(on("always", -1));
    environment("", "1", "xterm");
    assert_false(on("never", terminal));
}

static void then_the_environment(void **state)
{
    (void)state;
    environment("1", "", "xterm");
    assert_false(on("auto", terminal));
    environment("1", "1", "xterm");
    assert_true(on("auto", -1));
}

static void then_the_terminal(void **state)
{
    (void)state;
    environment("", "", "xterm");
    assert_true(on("auto", terminal));
    assert_false(on("auto", -1));
    environment("", "", "dumb");
    assert_false(on("auto", terminal));
    environment("", "", "");
    assert_false(on("auto", terminal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_option_decides_when_it_says_so),
        cmocka_unit_test(then_the_environment),
        cmocka_unit_test(then_the_terminal),
    };
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        return 1;
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
