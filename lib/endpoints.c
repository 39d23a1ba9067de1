/*
 * Masters, as the Endpoints default/kubernetes names them.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "endpoints.h"

#define OBJECT_MAX (1024 * 1024)

static void
add(struct masters *ms, const char *ip, const json_t *port)
{
	char addr[272], why[128];

	if (ip == NULL || !json_is_integer(port))
		return;
	snprintf(addr, sizeof(addr),
	    strchr(ip, ':') == NULL ? "%s:%d" : "[%s]:%d", ip,
	    (int)json_integer_value(port));
	/* what is no address, or one too many, is left out */
	(void)masters_parse(ms, addr, why, sizeof(why));
}

/* The port named https, else the first one. */
static const json_t *
port_of(const json_t *subset)
{
	const json_t *ports = json_object_get(subset, "ports"), *p;
	const char *name;
	size_t i;

	json_array_foreach(ports, i, p) {
		name = json_string_value(json_object_get(p, "name"));
		if (name != NULL && strcmp(name, "https") == 0)
			return json_object_get(p, "port");
	}
	return json_object_get(json_array_get(ports, 0), "port");
}

int
endpoints_read(struct masters *ms, const char *path)
{
	const json_t *subset, *address, *port;
	struct buf b = { 0 };
	const char *ip;
	json_t *object = NULL;
	size_t i, j;

	memset(ms, 0, sizeof(*ms));
	if (buf_read_file(&b, AT_FDCWD, path, OBJECT_MAX) == -1)
		return -1;
	if (b.len > 0)
		object = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	if (object == NULL) {
		errno = EBADMSG;
		return -1;
	}
	json_array_foreach(json_object_get(object, "subsets"), i, subset) {
		port = port_of(subset);
		json_array_foreach(json_object_get(subset, "addresses"), j,
		    address) {
			ip = json_string_value(json_object_get(address, "ip"));
			add(ms, ip, port);
		}
	}
	json_decref(object);
	return 0;
}
