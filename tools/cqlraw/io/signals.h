/*
 * signals.h - SIGINT, SIGTERM and SIGHUP: as an end with a fixed exit code, or as a descriptor that
 * is waited for. A SIGHUP that is ignored (nohup) stays ignored.
 */
#ifndef CQLRAW_SIGNALS_H
#define CQLRAW_SIGNALS_H

/* From now on they end the process with 128 + signal. */
void signals_exit(void);
/* From now on they are blocked and make the descriptor (a signalfd) readable. -1 with errno. */
int signals_open(void);
/* How many are waiting there; the first one's number goes to *signal if that is 0. */
int signals_read(int fd, int *signal);

#endif
