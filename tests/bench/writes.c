/*
 * writes: what a write costs that a hub takes while its master is away.
 *
 * writes DIR CA URL NAMESPACE CLIENTS SECONDS [RATE]: CLIENTS threads, each on
 * one connection that is kept, as kubelet's, patch the status of pods of their
 * own, CLIENT-0 to CLIENT-9, one after the other, RATE a second in all. Prints
 * JSON: latencies in ms, writes a second, the median of a bare write and fsync
 * of such a body in DIR, and how many were not answered 200.
 */
#include <pthread.h>
#include <stdio.h>

#include <curl/curl.h>

#include "samples.h"

#define CLIENTS_MAX 256
#define BODY 2000

struct client {
	pthread_t thread;
	long number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *ca, *url, *ns;
static double end, period; /* s; of a client */
static unsigned long failed;
static long first_code;

static size_t
drop(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static CURL *
connection(struct curl_slist *headers)
{
	CURL *c = curl_easy_init();

	if (c == NULL)
		errx(1, "curl");
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "PATCH");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 20L);
	return c;
}

static void
patch(CURL *c, long client, long i)
{
	char text[BODY + 128], pad[BODY], path[512];
	long code = 0;
	double t;

	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	snprintf(path, sizeof(path),
	    "%s/api/v1/namespaces/%s/pods/p%ld-%ld/status", url, ns, client,
	    i % 10);
	snprintf(text, sizeof(text),
	    "{\"status\":{\"message\":\"%s\",\"reason\":\"%ld\"}}", pad, i);
	curl_easy_setopt(c, CURLOPT_URL, path);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, text);
	t = now();
	if (curl_easy_perform(c) == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	t = now() - t;
	pthread_mutex_lock(&lock);
	if (code == 200)
		sample(t);
	else if (failed++ == 0)
		first_code = code;
	pthread_mutex_unlock(&lock);
}

static void *
run(void *arg)
{
	const struct client *me = arg;
	struct curl_slist *headers = NULL;
	struct timespec pause;
	double t, next;
	CURL *c;
	long i;

	headers = curl_slist_append(headers,
	    "Content-Type: application/strategic-merge-patch+json");
	headers = curl_slist_append(headers, "Expect:");
	c = connection(headers);
	/* not all at once */
	next = now() - (double)(me->number % 97) * period / 97;
	for (i = 0; (t = now()) < end; i++) {
		next = next + period > t ? next + period : t;
		pause.tv_sec = (time_t)(next - t);
		pause.tv_nsec = (long)((next - t - (double)pause.tv_sec) * 1e9);
		nanosleep(&pause, NULL);
		patch(c, me->number, i);
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct client clients[CLIENTS_MAX];
	double bare, seconds, took;
	size_t total;
	int dir, i, n;

	if (argc < 7 || argc > 8 || (n = atoi(argv[5])) < 1 || n > CLIENTS_MAX)
		errx(100,
		    "usage: writes dir ca url namespace clients seconds "
		    "[rate]");
	ca = argv[2];
	url = argv[3];
	ns = argv[4];
	seconds = atof(argv[6]);
	if (argc == 8 && atof(argv[7]) > 0)
		period = n / atof(argv[7]);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	samples = calloc(SAMPLES, sizeof(*samples));
	if (dir == -1 || samples == NULL)
		err(1, "%s", argv[1]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bare = bare_fsync(dir, BODY);
	nsamples = 0;
	took = now();
	end = took + seconds;
	for (i = 0; i < n; i++) {
		clients[i].number = i;
		if (pthread_create(&clients[i].thread, NULL, run,
			&clients[i]) != 0)
			errx(1, "pthread_create");
	}
	for (i = 0; i < n; i++)
		pthread_join(clients[i].thread, NULL);
	took = now() - took;
	total = nsamples;
	printf("{\"clients\":%d,\"bare_fsync_p50_ms\":%.3f,\"p50_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"max_ms\":%.3f,\"per_second\":%.0f,"
	       "\"failed\":%lu,\"code\":%ld}\n",
	    n, bare, quantile(0.5), quantile(0.99), quantile(1),
	    (double)total / took, failed, first_code);
	return 0;
}
