/*
 * The list of masters and what is known of each: one line a master,
 * "ADDR up|down SINCE REASON...". The file is only ever replaced whole.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "masters.h"

#define LINE_MAX_BYTES 512

static int
port_ok(const char *s)
{
	size_t n = strspn(s, "0123456789");
	long port = n < 6 ? strtol(s, NULL, 10) : 0;

	return n > 0 && s[n] == '\0' && port > 0 && port < 65536;
}

static int
addr_ok(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t i, n;

	if (colon == NULL || colon == s || !port_ok(colon + 1))
		return 0;
	n = (size_t)(colon - s);
	if (s[0] == '[')
		return n > 2 && s[n - 1] == ']' &&
		    strspn(s + 1, "0123456789abcdefABCDEF:.") == n - 2;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("-_.", s[i]) == NULL)
			return 0;
	return s[0] != '.' && s[0] != '-';
}

static int
parse_line(struct master *m, char *line)
{
	char *addr, *state, *since, *end, *rest = line;

	addr = strsep(&rest, " ");
	state = strsep(&rest, " ");
	since = strsep(&rest, " ");
	if (since == NULL || *since == '\0' || rest == NULL || *rest == '\0')
		return -1;
	if (!addr_ok(addr) || strlen(addr) >= sizeof(m->addr) ||
	    (strcmp(state, "up") != 0 && strcmp(state, "down") != 0))
		return -1;
	strcpy(m->addr, addr);
	m->up = strcmp(state, "up") == 0;
	errno = 0;
	m->since = strtoll(since, &end, 10);
	if (errno != 0 || *end != '\0' || m->since < 0)
		return -1;
	snprintf(m->reason, sizeof(m->reason), "%.*s",
	    (int)sizeof(m->reason) - 1, rest);
	return 0;
}

static int
read_lines(struct masters *ms, FILE *f)
{
	char line[LINE_MAX_BYTES];
	char *nl;

	while (fgets(line, sizeof(line), f) != NULL) {
		nl = strchr(line, '\n');
		if (nl == NULL || ms->n == MASTERS_MAX) {
			errno = EBADMSG;
			return -1;
		}
		*nl = '\0';
		if (parse_line(&ms->m[ms->n], line) == -1) {
			errno = EBADMSG;
			return -1;
		}
		ms->n++;
	}
	return ferror(f) ? -1 : 0;
}

int
masters_read(struct masters *ms, const char *path)
{
	FILE *f;
	int e, r;

	ms->n = 0;
	if ((f = fopen(path, "re")) == NULL)
		return -1;
	r = read_lines(ms, f);
	e = errno;
	if (r == -1)
		ms->n = 0;
	fclose(f);
	errno = e;
	return r;
}

int
masters_write(const struct masters *ms, const char *path)
{
	char text[MASTERS_MAX * LINE_MAX_BYTES];
	size_t i, len = 0;
	int n;

	for (i = 0; i < ms->n; i++) {
		const struct master *m = &ms->m[i];

		n = snprintf(text + len, sizeof(text) - len, "%s %s %lld %s\n",
		    m->addr, m->up ? "up" : "down", m->since,
		    m->reason[0] != '\0' ? m->reason : "ok");
		if (n < 0 || n >= LINE_MAX_BYTES) {
			errno = EOVERFLOW;
			return -1;
		}
		len += (size_t)n;
	}
	return atomic_write(AT_FDCWD, path, text, len, 0);
}

int
masters_any_up(const struct masters *ms)
{
	size_t i;

	for (i = 0; i < ms->n; i++)
		if (ms->m[i].up)
			return 1;
	return ms->n == 0;
}

long long
masters_down_since(const struct masters *ms)
{
	long long since = 0;
	size_t i;

	if (masters_any_up(ms))
		return 0;
	for (i = 0; i < ms->n; i++)
		if (ms->m[i].since > since)
			since = ms->m[i].since;
	return since;
}

struct master *
masters_find(struct masters *ms, const char *addr)
{
	size_t i;

	for (i = 0; i < ms->n; i++)
		if (strcmp(ms->m[i].addr, addr) == 0)
			return &ms->m[i];
	return NULL;
}

static int
add(struct masters *ms, const char *addr, char *why, size_t whylen)
{
	if (!addr_ok(addr) || strlen(addr) >= sizeof(ms->m[0].addr)) {
		snprintf(why, whylen,
		    "master '%s': not host:port "
		    "(an IPv6 address goes in brackets)",
		    addr);
		errno = EINVAL;
		return -1;
	}
	if (masters_find(ms, addr) != NULL)
		return 0;
	if (ms->n == MASTERS_MAX) {
		snprintf(why, whylen, "master '%s': more than %d masters", addr,
		    MASTERS_MAX);
		errno = E2BIG;
		return -1;
	}
	memset(&ms->m[ms->n], 0, sizeof(ms->m[0]));
	strcpy(ms->m[ms->n++].addr, addr);
	return 0;
}

int
masters_parse(struct masters *ms, const char *list, char *why, size_t whylen)
{
	char *copy, *rest, *addr;
	int e, r = 0;

	if ((copy = rest = strdup(list)) == NULL) {
		snprintf(why, whylen, "%s", strerror(errno));
		return -1;
	}
	while (r == 0 && (addr = strsep(&rest, ",")) != NULL)
		r = add(ms, addr, why, whylen);
	e = errno;
	free(copy);
	errno = e;
	return r;
}

int
masters_suspect(const char *dir, const char *addr, const char *word)
{
	char path[PATH_MAX], text[32];
	int n, len;

	n = snprintf(path, sizeof(path), "%s/%s", dir, addr);
	len = snprintf(text, sizeof(text), "%s\n", word);
	if (n >= (int)sizeof(path) || len >= (int)sizeof(text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return atomic_write(AT_FDCWD, path, text, (size_t)len, 0);
}

int
masters_reachable(const char *data)
{
	struct masters ms = { .n = 0 };
	char path[512];

	if (snprintf(path, sizeof(path), "%s/run/masters", data) >=
	    (int)sizeof(path))
		return 1;
	return masters_read(&ms, path) == -1 || masters_any_up(&ms);
}
