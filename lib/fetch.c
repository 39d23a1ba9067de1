/*
 * libcurl's multi interface, driven here and now: its connections outlive a
 * request, and a signal's descriptor ends the wait.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"

#define TIMEOUT_S 600L
#define SILENCE_S 30L
#define HEADER_MAX 8192

struct transfer {
	const struct fetch_sink *sink;
	long code;
	int ended; /* by the sink */
};

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	char text[HEADER_MAX], *colon, *value;
	struct transfer *t = arg;
	int code;

	n *= size;
	if (n >= sizeof(text))
		return n;
	memcpy(text, line, n);
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (sscanf(text, "HTTP/%*s %d", &code) == 1) {
		t->code = code;
		return n;
	}
	if (t->code != 200 || (colon = strchr(text, ':')) == NULL)
		return n;
	*colon = '\0';
	for (value = colon + 1; *value == ' '; value++)
		;
	if (t->sink->header == NULL ||
	    t->sink->header(t->sink->arg, text, value) == 0)
		return n;
	t->ended = 1;
	return 0;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (t->code != 200 || t->sink->body(t->sink->arg, bytes, n) == 0)
		return n;
	t->ended = 1;
	return 0;
}

int
fetch_init(struct fetch *f, struct upstream *up, int stop_fd)
{
	memset(f, 0, sizeof(*f));
	f->up = up;
	f->stop_fd = stop_fd;
	if ((f->multi = curl_multi_init()) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 1L);
	return 0;
}

void
fetch_free(struct fetch *f)
{
	if (f->multi != NULL)
		curl_multi_cleanup(f->multi);
	memset(f, 0, sizeof(*f));
}

/* Till the transfer ends. 0; -1 with errno, EINTR where it is to stop. */
static int
drive(struct fetch *f, CURLcode *result)
{
	struct curl_waitfd stop = { .fd = f->stop_fd,
		.events = CURL_WAIT_POLLIN };
	unsigned extra = f->stop_fd == -1 ? 0 : 1;
	int running = 1, left;
	CURLMsg *m;

	for (;;) {
		if (curl_multi_perform(f->multi, &running) != CURLM_OK) {
			errno = EIO;
			return -1;
		}
		while ((m = curl_multi_info_read(f->multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE) {
				*result = m->data.result;
				return 0;
			}
		stop.revents = 0;
		if (curl_multi_poll(f->multi, &stop, extra, 1000, NULL) !=
		    CURLM_OK) {
			errno = EIO;
			return -1;
		}
		if (stop.revents != 0) {
			errno = EINTR;
			return -1;
		}
	}
}

static int
add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *l;
	char *line;

	if (asprintf(&line, "%s: %s", name, value) == -1)
		return -1;
	l = curl_slist_append(*list, line);
	free(line);
	if (l == NULL)
		return -1;
	*list = l;
	return 0;
}

static CURLcode
set_options(CURL *e, struct transfer *t, struct curl_slist *headers)
{
	CURLcode r;

	r = curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	r |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	r |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	r |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	r |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	r |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	r |= curl_easy_setopt(e, CURLOPT_TIMEOUT, TIMEOUT_S);
	r |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	r |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	return r;
}

int
fetch_get(struct fetch *f, const char *path, const char *accept,
    const char *etag, const struct fetch_sink *sink, char *why, size_t len)
{
	struct transfer t = { .sink = sink };
	struct curl_slist *headers = upstream_headers(f->up);
	CURLcode result = CURLE_OK;
	CURL *e = NULL;
	int code = 0;

	snprintf(why, len, "%s", "out of memory");
	if (headers == NULL || add_header(&headers, "Accept", accept) == -1 ||
	    (etag != NULL && *etag != '\0' &&
		add_header(&headers, "If-None-Match", etag) == -1) ||
	    (e = upstream_easy(f->up, path)) == NULL ||
	    set_options(e, &t, headers) != CURLE_OK ||
	    curl_multi_add_handle(f->multi, e) != CURLM_OK)
		goto out;
	if (drive(f, &result) == -1)
		snprintf(why, len, "%s", strerror(errno));
	else if (t.ended)
		snprintf(why, len, "%s", strerror(errno));
	else if (result != CURLE_OK)
		snprintf(why, len, "%s", curl_easy_strerror(result));
	else
		code = (int)t.code;
	curl_multi_remove_handle(f->multi, e);
out:
	if (e != NULL)
		curl_easy_cleanup(e);
	curl_slist_free_all(headers);
	return code;
}
