#ifndef SAMPLES_H
#define SAMPLES_H

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Latencies of the benches of writes: one set for a process. */
#define SAMPLES 1000000

static double *samples; /* s */
static size_t nsamples;

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void
sample(double s)
{
	if (nsamples < SAMPLES)
		samples[nsamples++] = s;
}

static int
samples_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* In ms. They are sorted then. */
static inline double
quantile(double q)
{
	if (nsamples == 0)
		return 0;
	qsort(samples, nsamples, sizeof(*samples), samples_compare);
	return samples[(size_t)((double)(nsamples - 1) * q)] * 1e3;
}

/* The median of so many bytes appended to a file in a directory and synced. */
static inline double
bare_fsync(int dirfd, size_t bytes)
{
	char text[16384];
	double t;
	int fd, i;

	memset(text, 'x', sizeof(text));
	fd = openat(dirfd, "bare", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	nsamples = 0;
	for (i = 0; i < 200; i++) {
		t = now();
		if (write(fd, text, bytes) != (ssize_t)bytes || fsync(fd) == -1)
			err(1, "fsync");
		sample(now() - t);
	}
	close(fd);
	unlinkat(dirfd, "bare", 0);
	return quantile(0.5);
}

#endif
