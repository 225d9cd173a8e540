/*
 * replay.c - one fuzz target, given every input that is kept for it: those of corpus/ and found/,
 * each also cut short and with bits turned over. Takes any compiler.
 *
 * usage: replay_NAME [FILE...]
 * What a target finds ends the process: the last input named on stderr is the one.
 */
#include <dirent.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define CHANGES    24   /* of each input: as many cuts and as many flips */
#define CHANGED_TO 4096 /* longer inputs are replayed as they are */
#define INPUT_MAX  (1 << 20)

static void one(const uint8_t *p, size_t n)
{
    struct fuzz_in in = {p, n};
    struct cqlr_bytes block;
    uint8_t *owned = fuzz_block(&in, n, &block);
    LLVMFuzzerTestOneInput(owned, n);
    free(owned);
}

/* Spread over the input, and the same ones each time. */
static void changed(uint8_t *p, size_t n)
{
    size_t step = n / CHANGES + 1;
    for (size_t i = 0; i < n; i += step) {
        uint8_t bit = (uint8_t)(1u << (i + n) % 8);
        one(p, i);
        p[i] ^= bit;
        one(p, n);
        p[i] ^= bit;
    }
}

static bool replay(const char *path)
{
    static uint8_t input[INPUT_MAX];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return false;
    }
    size_t n = fread(input, 1, sizeof input, f);
    bool ok = !ferror(f) && n < sizeof input;
    fclose(f);
    fprintf(stderr, "%s\n", path);
    if (!ok)
        return false;
    one(input, n);
    if (n <= CHANGED_TO)
        changed(input, n);
    return true;
}

/* Every file in tests/fuzz/KIND/NAME; there may be none. */
static void folder(const char *kind, unsigned *passed, unsigned *failed)
{
    char path[512];
    snprintf(path, sizeof path, "tests/fuzz/%s/%s", kind, fuzz_name);
    DIR *d = opendir(path);
    const struct dirent *e;
    while (d && (e = readdir(d))) {
        char file[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        *(replay(file) ? passed : failed) += 1;
    }
    if (d)
        closedir(d);
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    for (int i = 1; i < argc; i++)
        *(replay(argv[i]) ? &passed : &failed) += 1;
    if (argc == 1) {
        folder("corpus", &passed, &failed);
        folder("found", &passed, &failed);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
