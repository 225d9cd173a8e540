/*
 * tls_ssl_sessions.c - a small table of sessions in memory that forked processes share.
 *
 * No process ever waits for another one. A slot's count is odd while somebody writes to it; a
 * reader takes only what was whole before and after, and what has the hash that was written with
 * it. So a writer that is killed in the middle leaves a slot that nobody reads, and that is taken
 * by the next writer who finds it old.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "src/net/tls_ssl.h"

#define WRITING_S 2 /* nobody takes so long: who does was killed, or will find the slot taken */

static uint64_t now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

cqlr_tls_sessions *cqlr_tls_sessions_new(void)
{
    cqlr_tls_sessions *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                                -1, 0); /* zeroes: every slot is empty */
    if (s == MAP_FAILED)
        return NULL;
    s->owner = getpid();
    return s;
}

/* Others may use it still: only who made it wipes it. */
void cqlr_tls_sessions_free(cqlr_tls_sessions *s)
{
    if (!s)
        return;
    if (s->owner == getpid())
        cqlr__mem_wipe(s->slot, sizeof s->slot);
    munmap(s, sizeof *s);
}

static bool hash(const struct cqlr__tls_entry *e, uint8_t out[32])
{
    size_t n = offsetof(struct cqlr__tls_entry, session) + e->n;
    return n <= sizeof *e && EVP_Digest(e, n, out, NULL, EVP_sha256(), NULL) == 1;
}

/* A copy of what the slot holds; false when it is empty, being written, or not what was written. */
static bool read_slot(struct cqlr__tls_slot *s, struct cqlr__tls_entry *e)
{
    uint8_t stored[32], real[32];
    uint64_t count = atomic_load_explicit(&s->count, memory_order_acquire);
    if (count == 0 || count % 2)
        return false;
    memcpy(e, &s->entry, sizeof *e);
    memcpy(stored, s->hash, sizeof stored);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&s->count, memory_order_relaxed) == count && hash(e, real) &&
           memcmp(real, stored, sizeof real) == 0;
}

/* ---- writing ---- */

/* The slot of the key, or the one that can best be spared. */
static struct cqlr__tls_slot *choose(cqlr_tls_sessions *t, const uint8_t *key)
{
    struct cqlr__tls_slot *best = NULL;
    uint64_t now = now_s(), oldest = UINT64_MAX;
    for (struct cqlr__tls_slot *s = t->slot; s < t->slot + CQLR__TLS_SLOTS; s++) {
        uint64_t count = atomic_load(&s->count);
        bool writing = count % 2;
        uint64_t age = count == 0 || writing ? 0 : s->entry.put;
        if (writing && now - atomic_load(&s->since) <= WRITING_S)
            continue;
        if (!writing && count && memcmp(s->entry.key, key, CQLR__TLS_KEY) == 0)
            return s;
        if (age < oldest) {
            oldest = age;
            best = s;
        }
    }
    return best;
}

/* Takes the slot for writing; false: another one was faster. */
static bool take(struct cqlr__tls_slot *s, uint64_t *count)
{
    uint64_t old = atomic_load(&s->count);
    *count = old % 2 ? old + 2 : old + 1;
    if (!atomic_compare_exchange_strong(&s->count, &old, *count))
        return false;
    atomic_store(&s->since, now_s());
    return true;
}

/* Whole again, unless it was taken away meanwhile. */
static void give(struct cqlr__tls_slot *s, uint64_t count)
{
    atomic_compare_exchange_strong(&s->count, &count, count + 1);
}

void cqlr__tls_sessions_put(cqlr_tls_sessions *t, const uint8_t key[CQLR__TLS_KEY],
                            SSL_SESSION *session)
{
    int n = i2d_SSL_SESSION(session, NULL);
    struct cqlr__tls_slot *s = choose(t, key);
    struct cqlr__tls_entry *e;
    uint64_t count;
    uint8_t *end;
    if (n <= 0 || (size_t)n > sizeof e->session || !s || !take(s, &count))
        return;
    e = &s->entry;
    end = e->session;
    memcpy(e->key, key, CQLR__TLS_KEY);
    e->put = now_s();
    e->n = (uint32_t)n;
    if (i2d_SSL_SESSION(session, &end) != n || !hash(e, s->hash))
        e->n = UINT32_MAX; /* no entry has so many: nobody reads it */
    give(s, count);
}

void cqlr__tls_sessions_drop(cqlr_tls_sessions *t, const uint8_t key[CQLR__TLS_KEY])
{
    uint64_t count;
    for (struct cqlr__tls_slot *s = t->slot; s < t->slot + CQLR__TLS_SLOTS; s++) {
        if (memcmp(s->entry.key, key, CQLR__TLS_KEY) != 0 || atomic_load(&s->count) % 2 ||
            !take(s, &count))
            continue;
        s->entry.n = UINT32_MAX;
        give(s, count);
    }
}

/* ---- reading ---- */

static bool good(const SSL_SESSION *s)
{
    int64_t made = SSL_SESSION_get_time(s), lasts = SSL_SESSION_get_timeout(s);
    int64_t now = (int64_t)time(NULL);
    return SSL_SESSION_is_resumable(s) && made <= now && lasts > 0 && now - made < lasts;
}

SSL_SESSION *cqlr__tls_sessions_get(cqlr_tls_sessions *t, const uint8_t key[CQLR__TLS_KEY])
{
    SSL_SESSION *session = NULL;
    struct cqlr__tls_entry e;
    for (struct cqlr__tls_slot *s = t->slot; !session && s < t->slot + CQLR__TLS_SLOTS; s++) {
        const uint8_t *p = e.session;
        if (!read_slot(s, &e) || memcmp(e.key, key, CQLR__TLS_KEY) != 0)
            continue;
        session = d2i_SSL_SESSION(NULL, &p, (long)e.n);
        if (session && !good(session)) {
            SSL_SESSION_free(session);
            session = NULL;
        }
    }
    ERR_clear_error();
    cqlr__mem_wipe(&e, sizeof e);
    return session;
}
