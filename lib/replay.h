#ifndef REPLAY_H
#define REPLAY_H

#include <jansson.h>

#include "buf.h"

/*
 * How one entry of the outbox comes to the master: what to ask next, given
 * what was answered. No network, no files; see ote-outbox(8) for the rules.
 * An entry may be begun anew at any time, whatever was done of it before.
 */

enum replay_verdict {
	REPLAY_ASK,    /* method, path, request and type are to be sent */
	REPLAY_DONE,   /* the master has it; why: a note, or empty */
	REPLAY_FAILED, /* the master refuses it; why says so */
	REPLAY_LATER   /* the master gave no answer to go by; why */
};

enum replay_step {
	REPLAY_POST,
	REPLAY_COMPARE, /* GET of what exists already */
	REPLAY_GET,
	REPLAY_CHANGE, /* PATCH */
	REPLAY_FIND,   /* GET of what is to be deleted */
	REPLAY_REMOVE
};

struct replay {
	const json_t *entry;
	enum replay_step step;
	const char *method, *type;
	struct buf path; /* percent-encoded */
	json_t *request; /* NULL: no body */
	char uid[128];	 /* the master's, of what was created */
	char why[512];
	int tries;
	int conflict; /* failed, as the master has something else */
};

/* entry passed outbox_check(), and is borrowed. */
void replay_init(struct replay *r, const json_t *entry);
void replay_free(struct replay *r);
enum replay_verdict replay_begin(struct replay *r);
/*
 * The HTTP code (0: there was no answer, why was filled in) and the body, if
 * it is JSON.
 */
enum replay_verdict replay_answer(struct replay *r, int code,
    const json_t *answer);

/* How often what an Event tells has happened. */
long long replay_event_count(const json_t *event);
/*
 * The merge patch that brings an Event to what the entry has of it: from the
 * master's state, or, where that is NULL as its writer may not read it (kubelet,
 * and nobody else writes it), from its writer's last own one. *patch is NULL if
 * there is nothing to change. 0, or -1 where there is no memory.
 */
int replay_event_patch(const json_t *entry, const json_t *master,
    json_t **patch);

/*
 * An Event about entry that failed because of why, named after id. *path is
 * its path, to be freed. The caller's; NULL with errno.
 */
json_t *replay_event(const json_t *entry, const char *id, const char *reason,
    const char *why, char **path);

#endif
