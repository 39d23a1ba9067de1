/*
 * Actions, JSON lines: where what edgenode_decide() wants is sent.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgenode_table.h"
#include "edgenode_write.h"

#define EDGENODES_PATH \
	"/apis/ote.baidu.com/v1/namespaces/" EDGENODE_NAMESPACE "/edgenodes"
#define LEASES_PATH \
	"/apis/coordination.k8s.io/v1/namespaces/" EDGENODE_LEASES "/leases"
#define EVENTS "/api/v1/namespaces/default/events"

const char *
edgenode_why_name(enum edgenode_why w)
{
	static const char *const names[EDGENODE_WHYS] = { "renew", "release",
		"taint", "untaint", "ready", "edgenode", "event", "pod" };

	return names[w];
}

static int
add_line(struct edgenode_writer *w, const char *node,
    const struct edgenode_action *a, const char *body)
{
	struct buf *b = &w->out;

	if (buf_printf(b, "{\"id\":\"%" PRIu64 "\",\"node\":", w->id + 1) ==
		-1 ||
	    buf_json(b, node) == -1 ||
	    buf_printf(b, ",\"method\":\"%s\",\"path\":", a->method) == -1 ||
	    buf_json(b, a->path) == -1 ||
	    buf_printf(b, ",\"contentType\":\"application/%s%sjson\",\"body\":",
		a->type, *a->type != '\0' ? "+" : "") == -1 ||
	    buf_puts(b, body) == -1)
		return -1;
	return buf_printf(b, ",\"why\":\"%s\"}\n", edgenode_why_name(a->why));
}

int
edgenode_write_action(struct edgenode_writer *w, const char *node,
    const struct edgenode_action *a, json_t *body)
{
	size_t was = w->out.len;
	char *text = NULL;
	int rc = -1;

	errno = ENOMEM;
	if (body != NULL)
		text = json_dumps(body, JSON_COMPACT);
	if (text != NULL)
		rc = add_line(w, node, a, text);
	if (rc == -1)
		w->out.len = was;
	else {
		w->id++;
		w->count[a->why]++;
	}
	free(text);
	json_decref(body);
	return rc;
}

/* What cannot be done, as the object went, is no failure. */
static int
send(struct edgenode_writer *w, const struct edgenode *n,
    struct edgenode_action a, const char *collection, const char *sub,
    json_t *body)
{
	char name[APIPATH_MAX], path[2 * APIPATH_MAX];

	if (body == NULL)
		return errno == ENOENT ? 0 : -1;
	if (apipath_escape(n->name, name, sizeof(name)) == -1) {
		json_decref(body);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/%s%s", collection, name, sub);
	a.path = path;
	return edgenode_write_action(w, n->name, &a, body);
}

static int
write_lease(struct edgenode_writer *w, const struct edgenode *n, unsigned want)
{
	struct edgenode_action a = { "PUT", NULL, "", EDGENODE_WHY_RENEW };
	int rc = 0;

	if (want & EDGENODE_RENEW)
		rc = send(w, n, a, LEASES_PATH, "", edgenode_body_renew(w, n));
	a.why = EDGENODE_WHY_RELEASE;
	if (rc == 0 && want & EDGENODE_FORGET)
		rc = send(w, n, a, LEASES_PATH, "", edgenode_body_forget(w, n));
	return rc;
}

static int
write_node(struct edgenode_writer *w, const struct edgenode *n, unsigned want)
{
	static const struct edgenode_action ready = { "PATCH", NULL,
		"strategic-merge-patch", EDGENODE_WHY_READY };
	struct edgenode_action a = { "PATCH", NULL, "merge-patch",
		EDGENODE_WHY_TAINT };
	int put = (want & EDGENODE_PUT_TAINT) != 0, rc = 0;

	if (!put)
		a.why = EDGENODE_WHY_UNTAINT;
	if (want & (EDGENODE_PUT_TAINT | EDGENODE_DROP_TAINT))
		rc = send(w, n, a, "/api/v1/nodes", "",
		    edgenode_body_taint(w, n, put));
	if (rc == 0 && want & EDGENODE_PATCH_READY)
		rc = send(w, n, ready, "/api/v1/nodes", "/status",
		    edgenode_body_ready(w, n));
	return rc;
}

static const struct edgenode_action create = { "POST", EDGENODES_PATH, "",
	EDGENODE_WHY_EDGENODE };
static const struct edgenode_action patch = { "PATCH", NULL, "merge-patch",
	EDGENODE_WHY_EDGENODE };
static const struct edgenode_action delete = { "DELETE", NULL, "",
	EDGENODE_WHY_EDGENODE };
static const struct edgenode_action event = { "POST", EVENTS, "",
	EDGENODE_WHY_EVENT };

static int
post(struct edgenode_writer *w, const struct edgenode *n,
    const struct edgenode_action *a, json_t *body)
{
	if (body == NULL)
		return errno == ENOENT ? 0 : -1;
	return edgenode_write_action(w, n->name, a, body);
}

static int
write_shown(struct edgenode_writer *w, const struct edgenode *n, unsigned want)
{
	int rc = 0;

	if (want & EDGENODE_DELETE)
		rc = send(w, n, delete, EDGENODES_PATH, "", json_object());
	if (rc == 0 && want & EDGENODE_CREATE)
		rc = post(w, n, &create, edgenode_body_create(w, n));
	if (rc == 0 && want & EDGENODE_OWN)
		rc = send(w, n, patch, EDGENODES_PATH, "",
		    edgenode_body_own(w, n));
	if (rc == 0 && want & EDGENODE_SHOW)
		rc = send(w, n, patch, EDGENODES_PATH, "/status",
		    edgenode_body_show(w, n));
	return rc;
}

static int
write_events(struct edgenode_writer *w, const struct edgenode *n, unsigned want)
{
	static const enum edgenode_want events[] = { EDGENODE_TELL_CUT_OFF,
		EDGENODE_TELL_CONNECTED, EDGENODE_TELL_LET_GO,
		EDGENODE_TELL_BAD_MAX };
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (want & events[i] &&
		    post(w, n, &event, edgenode_body_event(w, n, events[i])) ==
			-1)
			return -1;
	return 0;
}

int
edgenode_write(struct edgenode_writer *w, const struct edgenode *n,
    unsigned want)
{
	if (write_lease(w, n, want) == -1 || write_node(w, n, want) == -1 ||
	    write_shown(w, n, want) == -1)
		return -1;
	return write_events(w, n, want);
}
