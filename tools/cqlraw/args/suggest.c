/*
 * suggest.c - comparing names without case, "-" and "_", and how far apart two are (optimal string
 * alignment distance), for "did you mean".
 */
#include <string.h>

#include "suggest.h"

#define NAME_MAX_LEN 31

/* The letters that count, in lower case; the length, or NAME_MAX_LEN + 1 when it is longer. */
static size_t fold(char out[NAME_MAX_LEN], const char *s, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '-' || c == '_')
            continue;
        if (k == NAME_MAX_LEN)
            return NAME_MAX_LEN + 1;
        out[k++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return k;
}

bool name_equal(const char *a, size_t n, const char *b)
{
    char x[NAME_MAX_LEN], y[NAME_MAX_LEN];
    size_t nx = fold(x, a, n), ny = fold(y, b, strlen(b));
    return nx == ny && nx > 0 && nx <= NAME_MAX_LEN && memcmp(x, y, nx) == 0;
}

static unsigned min2(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned name_distance(const char *a, size_t n, const char *b)
{
    char x[NAME_MAX_LEN], y[NAME_MAX_LEN];
    unsigned d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];
    size_t nx = fold(x, a, n), ny = fold(y, b, strlen(b));
    if (nx > NAME_MAX_LEN || ny > NAME_MAX_LEN)
        return 100;
    for (size_t i = 0; i <= nx; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= ny; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= nx; i++)
        for (size_t j = 1; j <= ny; j++) {
            unsigned v = d[i - 1][j - 1] + (x[i - 1] != y[j - 1]);
            v = min2(v, min2(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                v = min2(v, d[i - 2][j - 2] + 1);
            d[i][j] = v;
        }
    return d[nx][ny];
}

bool name_near(unsigned distance, size_t n)
{
    return distance <= (n <= 3 ? 1u : n <= 6 ? 2u : 3u);
}
