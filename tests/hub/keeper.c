/*
 * keeper: a master that keeps one Lease, for leader.t.
 *
 * keeper DIR prints its port. DIR/lease is the Lease, if there is one, and may
 * be changed by the test, under a flock(2) on DIR; its resourceVersion is a
 * precondition, as on a master. Each request is a line in DIR/log: the time in
 * ms since boot, method, code, and who shall hold it. DIR/how says what to do:
 * nothing or "ok"; "hang": take requests and say nothing; "lose": do what is
 * asked and close without an answer; "CODE": answer with a Status of that
 * code.
 */
#include <arpa/inet.h>
#include <sys/file.h>
#include <sys/time.h>
#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 65536

static long long last_rv;

static int
listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "listen");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* A whole request; its body, or NULL. */
static char *
take(int fd, char *p)
{
	size_t n = 0, body = 0;
	char *end = NULL, *length;
	ssize_t r;

	while (end == NULL || n < (size_t)(end - p) + body) {
		if ((r = read(fd, p + n, REQUEST_MAX - n)) <= 0)
			return NULL;
		n += (size_t)r;
		p[n] = '\0';
		if (end != NULL || (end = strstr(p, "\r\n\r\n")) == NULL)
			continue;
		end += 4;
		length = strcasestr(p, "\r\nContent-Length:");
		if (length != NULL)
			body = strtoul(length + 17, NULL, 10);
	}
	return end;
}

static const char *
version(const json_t *o)
{
	const char *rv = json_string_value(
	    json_object_get(json_object_get(o, "metadata"), "resourceVersion"));

	return rv != NULL ? rv : "";
}

static int
keep(json_t *o, int code)
{
	char rv[32];

	snprintf(rv, sizeof(rv), "%lld", ++last_rv);
	json_object_set_new(json_object_get(o, "metadata"), "resourceVersion",
	    json_string(rv));
	if (json_dump_file(o, "lease.new", JSON_COMPACT) == -1 ||
	    rename("lease.new", "lease") == -1)
		err(1, "lease");
	return code;
}

/* What a master would do; the code, and *have is what there is then. */
static int
act(const char *method, const char *body, json_t **have)
{
	json_t *o = json_loads(body, 0, NULL);
	int code = 405, lock = open(".", O_RDONLY | O_CLOEXEC);

	if (lock == -1 || flock(lock, LOCK_EX) == -1)
		err(1, "lock");
	*have = json_load_file("lease", 0, NULL);
	if (*have != NULL && atoll(version(*have)) > last_rv)
		last_rv = atoll(version(*have));
	if (strcmp(method, "GET") == 0)
		code = *have != NULL ? 200 : 404;
	else if (o == NULL || !json_is_object(json_object_get(o, "metadata")))
		code = 400;
	else if (strcmp(method, "POST") == 0)
		code = *have != NULL ? 409 : keep(o, 201);
	else if (strcmp(method, "PUT") == 0)
		code = *have == NULL			      ? 404
		    : strcmp(version(o), version(*have)) == 0 ? keep(o, 200)
							      : 409;
	if (code == 201 || (code == 200 && o != NULL)) {
		json_decref(*have);
		*have = json_incref(o);
	}
	json_decref(o);
	close(lock);
	return code;
}

static void
tell(const char *method, int code, const json_t *have)
{
	const char *holder = json_string_value(
	    json_object_get(json_object_get(have, "spec"), "holderIdentity"));
	struct timespec t;
	FILE *log;

	clock_gettime(CLOCK_BOOTTIME, &t);
	if ((log = fopen("log", "ae")) == NULL)
		err(1, "log");
	fprintf(log, "%lld %s %d %s\n", t.tv_sec * 1000LL + t.tv_nsec / 1000000,
	    method, code, holder != NULL && *holder != '\0' ? holder : "-");
	fclose(log);
}

static void
answer(int fd, int code, const json_t *o)
{
	char *text;
	json_t *status = json_pack("{s:s s:i s:s}", "kind", "Status", "code",
	    code, "message", "so it is");

	text = json_dumps(code < 300 ? o : status, JSON_COMPACT);
	dprintf(fd,
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    code, strlen(text), text);
	free(text);
	json_decref(status);
}

/* Whether its connection is to be closed. */
static int
serve(int fd)
{
	static char p[REQUEST_MAX + 1];
	char how[16] = "", *body, *sp;
	json_t *have = NULL;
	FILE *in;
	int code;

	if ((in = fopen("how", "re")) != NULL) {
		if (fgets(how, sizeof(how), in) == NULL)
			*how = '\0';
		fclose(in);
		how[strcspn(how, "\n")] = '\0';
	}
	if ((body = take(fd, p)) == NULL || (sp = strchr(p, ' ')) == NULL)
		return 1;
	*sp = '\0';
	if (strcmp(how, "hang") == 0) {
		tell(p, 0, NULL);
		return 0;
	}
	if ((code = atoi(how)) == 0)
		code = act(p, body, &have);
	tell(p, code, have);
	if (strcmp(how, "lose") != 0)
		answer(fd, code, have);
	json_decref(have);
	return 1;
}

int
main(int argc, char **argv)
{
	const struct timeval second = { 1, 0 };
	int s, fd;

	if (argc != 2 || chdir(argv[1]) == -1)
		errx(1, "usage: keeper DIR");
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (s = listener(); (fd = accept(s, NULL, NULL)) != -1;) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second,
		    sizeof(second));
		if (serve(fd))
			close(fd);
	}
	err(1, "accept");
}
