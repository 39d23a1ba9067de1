/*
 * ote-status: how a hub is. What there is to say is gathered by lib/glance.h,
 * as one JSON object; here it is printed, as that or for people.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "glance.h"
#include "human.h"

static void
usage(FILE *out)
{
	fputs("usage: ote-status [-hj] [-d data]\n", out);
}

/* --- members --- */

/* Of an object that glance() made. Borrowed; "" if it is not there. */
static const char *
text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL ? "" : s;
}

static long long
number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static int
is_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

/* --- for people --- */

/* What comes from files and masters says nothing to a terminal. */
static void
put(const char *s)
{
	for (; *s != '\0'; s++)
		putchar((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

/* The time from then to now, or until it. */
static const char *
time_between(long long then, long long now, char out[HUMAN_LEN])
{
	human_duration((now > then ? now - then : then - now) * 1000000, out);
	return out;
}

static const char *
size(long long bytes, char out[HUMAN_LEN])
{
	if (bytes < 10 * 1000)
		snprintf(out, HUMAN_LEN, "%lld B", bytes);
	else if (bytes < 10 * 1000 * 1000)
		snprintf(out, HUMAN_LEN, "%lld kB", bytes / 1000);
	else
		snprintf(out, HUMAN_LEN, "%lld MB", bytes / 1000000);
	return out;
}

static void
print_state(const json_t *o)
{
	const json_t *reasons = json_object_get(o, "reasons");
	size_t i;

	printf("%s\n", text(o, "state"));
	for (i = 0; i < json_array_size(reasons); i++) {
		fputs("  ! ", stdout);
		put(json_string_value(json_array_get(reasons, i)));
		putchar('\n');
	}
}

static void
print_hub(const json_t *o, long long now)
{
	const json_t *hub = json_object_get(o, "hub"), *list, *p;
	char since[HUMAN_LEN];
	size_t i;

	printf("hub %s", text(o, "version"));
	if (is_true(hub, "running"))
		printf(", process %lld\n", number(hub, "pid"));
	else
		printf(", does not run\n");
	list = json_object_get(hub, "processes");
	for (i = 0; i < json_array_size(list); i++) {
		p = json_array_get(list, i);
		printf("  %-12.40s %-8s for %-6s started %lld times\n",
		    text(p, "name"), text(p, "state"),
		    time_between(number(p, "since"), now, since),
		    number(p, "starts"));
	}
}

static void
print_masters(const json_t *o, long long now)
{
	const json_t *list = json_object_get(o, "masters"), *m;
	char since[HUMAN_LEN];
	size_t i;

	if (json_is_integer(json_object_get(o, "cutOffSince")))
		printf("masters, cut off for %s\n",
		    time_between(number(o, "cutOffSince"), now, since));
	else
		printf("masters%s\n",
		    json_array_size(list) == 0 ? ": none is probed" : "");
	for (i = 0; i < json_array_size(list); i++) {
		m = json_array_get(list, i);
		printf("  %-22s %-4s for %-6s ", text(m, "address"),
		    is_true(m, "up") ? "up" : "down",
		    time_between(number(m, "since"), now, since));
		put(text(m, "reason"));
		putchar('\n');
	}
}

static void
print_feed(const json_t *f, long long now)
{
	long long as_of = number(f, "asOf"), code = number(f, "code");
	char age[HUMAN_LEN] = "-";

	if (as_of != 0)
		time_between(as_of, now, age);
	printf("  %-8s %6lld objects, %6s old, %5lld local ", text(f, "state"),
	    number(f, "objects"), age, number(f, "local"));
	put(text(f, "path"));
	if (*text(f, "labelSelector") != '\0') {
		fputs(" labelSelector=", stdout);
		put(text(f, "labelSelector"));
	}
	if (*text(f, "fieldSelector") != '\0') {
		fputs(" fieldSelector=", stdout);
		put(text(f, "fieldSelector"));
	}
	if (code != 0)
		printf(" (%lld)", code);
	putchar('\n');
}

static void
print_feeds(const json_t *o, long long now)
{
	const json_t *list = json_object_get(o, "feeds");
	long long wishes = number(o, "wishes");
	char age[HUMAN_LEN];
	size_t i;

	printf("feeds: %zu, %lld objects", json_array_size(list),
	    number(o, "objects"));
	if (json_is_integer(json_object_get(o, "cacheAge"))) {
		human_duration(number(o, "cacheAge") * 1000000, age);
		printf(", at most %s old", age);
	}
	if (wishes > 0)
		printf(", %lld more are wanted", wishes);
	putchar('\n');
	for (i = 0; i < json_array_size(list); i++)
		print_feed(json_array_get(list, i), now);
}

static void
print_outbox(const json_t *o, long long now)
{
	const json_t *box = json_object_get(o, "outbox"), *list, *f;
	json_t *kinds = json_object_get(box, "waiting"), *n;
	char age[HUMAN_LEN], bytes[HUMAN_LEN];
	const char *kind, *sep = ": ";
	size_t i;

	printf("outbox: %lld wait", number(box, "length"));
	json_object_foreach(kinds, kind, n) {
		if (json_integer_value(n) == 0)
			continue;
		printf("%s%lld %s", sep, (long long)json_integer_value(n),
		    kind);
		sep = ", ";
	}
	if (number(box, "length") > 0)
		printf("; %s, the first for %s",
		    size(number(box, "bytes"), bytes),
		    time_between(number(box, "oldest"), now, age));
	printf("; %lld failed, %lld events dropped\n", number(box, "failed"),
	    number(box, "dropped"));
	list = json_object_get(box, "failures");
	for (i = 0; i < json_array_size(list); i++) {
		f = json_array_get(list, i);
		printf("  failed ");
		put(text(f, "verb"));
		putchar(' ');
		put(text(f, "path"));
		fputs(": ", stdout);
		put(text(f, "reason"));
		putchar('\n');
	}
}

static void
print_certificates(const json_t *o, long long now)
{
	const json_t *all = json_object_get(o, "certificates");
	static const char *const names[] = { "client", "server" };
	char left[HUMAN_LEN];
	const json_t *c;
	long long until;
	size_t i;

	for (i = 0; i < 2; i++) {
		if ((c = json_object_get(all, names[i])) == NULL)
			continue;
		until = number(c, "until");
		printf("%s certificate: %s, %s %s, ", names[i],
		    text(c, "stage"),
		    until > now ? "good for another" : "expired for",
		    time_between(until, now, left));
		put(text(c, "file"));
		putchar('\n');
	}
}

static void
print_disk(const json_t *o)
{
	const json_t *d = json_object_get(o, "disk");
	char b[5][HUMAN_LEN];

	printf("disk: %s (cache %s, outbox %s, replies %s), %s left\n",
	    size(number(d, "used"), b[0]), size(number(d, "cache"), b[1]),
	    size(number(d, "outbox"), b[2]), size(number(d, "replies"), b[3]),
	    size(number(d, "available"), b[4]));
	if (number(o, "quarantined") > 0)
		printf("%lld files were damaged and set aside in quarantine\n",
		    number(o, "quarantined"));
}

static void
print_all(const json_t *o)
{
	long long now = number(o, "time");

	print_state(o);
	print_hub(o, now);
	print_masters(o, now);
	print_feeds(o, now);
	print_outbox(o, now);
	print_certificates(o, now);
	print_disk(o);
}

int
main(int argc, char **argv)
{
	const char *data = "data";
	int c, as_json = 0, good;
	json_t *o;

	while ((c = getopt(argc, argv, "d:hj")) != -1) {
		switch (c) {
		case 'd':
			data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'j':
			as_json = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind) {
		usage(stderr);
		return 100;
	}
	if ((o = glance(data, time(NULL))) == NULL)
		err(errno == ENOENT || errno == ENOTDIR ? 100 : 111, "%s",
		    data);
	if (as_json &&
	    (json_dumpf(o, stdout, JSON_COMPACT) == -1 || putchar('\n') == EOF))
		err(111, "standard output");
	if (!as_json)
		print_all(o);
	if (fflush(stdout) == EOF || ferror(stdout))
		err(111, "standard output");
	good = strcmp(text(o, "state"), "good") == 0;
	json_decref(o);
	return good ? 0 : 1;
}
