#ifndef EDGENODE_METRICS_H
#define EDGENODE_METRICS_H

#include "edgenode_table.h"
#include "edgenode_write.h"

struct edgenode_metrics {
	uint64_t cut_off, connected, let_go; /* transitions */
	uint64_t rounds;
	long long round_us; /* how long the last one took */
};

/* Counts what edgenode_decide() wants. */
void edgenode_metrics_count(struct edgenode_metrics *m, unsigned want);
/* For how long the renewal waits that is most overdue; 0 if none is. */
long long edgenode_metrics_lag(const struct edgenode_table *t,
    const struct edgenode_options *o, const struct edgenode_clock *now);
/* As Prometheus reads them, put there whole. 0, or -1 with errno. */
int edgenode_metrics_save(const struct edgenode_metrics *m,
    const struct edgenode_table *t, const struct edgenode_options *o,
    const struct edgenode_writer *w, const char *path);

#endif
