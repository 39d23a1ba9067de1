/*
 * outbox: what an accepted write costs, beside a bare fsync.
 *
 * outbox DIR CLIENTS SECONDS [RATE]: CLIENTS threads write statuses of pods, as large
 * as kubelet's, one after the other, RATE a second in all; as in a server's loop all that came while
 * a sync was under way are added and synced together. Prints JSON: latencies in ms, writes a second, and
 * the latency of one fsync of a file of that size in the same directory.
 */
#include <pthread.h>
#include <stdio.h>

#include "outbox.h"
#include "samples.h"

#define BODY 4000

static struct outbox box;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t synced = PTHREAD_COND_INITIALIZER;
static const struct outbox_write *queue[256];
static size_t nqueue;
static unsigned long open_batch, durable;
static int leading;
static double end, period; /* s; of a client */

/* Add and sync all that came. Locked, but not meanwhile. */
static void
lead(void)
{
	const struct outbox_write *batch[256];
	size_t i, n = nqueue;

	memcpy(batch, queue, n * sizeof(*batch));
	nqueue = 0;
	open_batch++;
	leading = 1;
	pthread_mutex_unlock(&lock);
	for (i = 0; i < n; i++)
		if (outbox_add(&box, batch[i]) == -1)
			err(1, "outbox_add");
	if (outbox_sync(&box) == -1)
		err(1, "outbox_sync");
	pthread_mutex_lock(&lock);
	leading = 0;
	durable = open_batch;
	pthread_cond_broadcast(&synced);
}

/* Returns when w is durable. Locked. */
static void
commit(const struct outbox_write *w)
{
	unsigned long mine = open_batch + 1;

	queue[nqueue++] = w;
	while (durable < mine)
		if (leading)
			pthread_cond_wait(&synced, &lock);
		else
			lead();
}

static void *
client(void *arg)
{
	char path[128], text[BODY];
	struct outbox_write w = { .kind = OUTBOX_STATUS,
		.verb = "patch",
		.subresource = "status",
		.uid = "u" };
	json_t *body;
	double t, next;
	struct timespec pause;
	long i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	/* not all at once */
	next = now() - (double)arc4random_uniform(1000) * period / 1000;
	for (i = 0; (t = now()) < end; i++) {
		next = next + period > t ? next + period : t;
		pause.tv_sec = (time_t)(next - t);
		pause.tv_nsec = (long)((next - t - (double)pause.tv_sec) * 1e9);
		nanosleep(&pause, NULL);
		t = now();
		snprintf(path, sizeof(path),
		    "/api/v1/namespaces/x/pods/p%ld-%ld", *(long *)arg, i % 10);
		body = json_pack("{s:{s:s s:i}}", "status", "x", text, "i", i);
		w.path = path;
		w.body = body;
		pthread_mutex_lock(&lock);
		commit(&w);
		sample(now() - t);
		pthread_mutex_unlock(&lock);
		json_decref(body);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static const struct outbox_limits limits = { 20000, 1 << 28, 10000,
		1 << 26 };
	static long ids[256];
	static pthread_t threads[256];
	double p50, p99, alone, seconds;
	size_t total;
	int fd, i, n;

	if (argc < 4 || argc > 5 || (n = atoi(argv[2])) < 1 || n > 256)
		errx(100, "usage: outbox dir clients seconds [rate]");
	seconds = atof(argv[3]);
	if (argc == 5 && atof(argv[4]) > 0)
		period = n / atof(argv[4]);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	samples = calloc(SAMPLES, sizeof(*samples));
	if (fd == -1 || samples == NULL || outbox_open(&box, fd, &limits) == -1)
		err(1, "%s", argv[1]);
	alone = bare_fsync(fd, BODY);
	nsamples = 0;
	end = now() + seconds;
	for (i = 0; i < n; i++) {
		ids[i] = i;
		if (pthread_create(&threads[i], NULL, client, &ids[i]) != 0)
			errx(1, "pthread_create");
	}
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	total = nsamples;
	p50 = quantile(0.5);
	p99 = quantile(0.99);
	printf("{\"clients\":%d,\"bare_fsync_p50_ms\":%.3f,\"p50_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"per_second\":%.0f}\n",
	    n, alone, p50, p99, (double)total / seconds);
	outbox_close(&box);
	return 0;
}
