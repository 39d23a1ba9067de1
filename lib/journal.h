#ifndef JOURNAL_H
#define JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "feed.h"

/*
 * The writer's side of a feed. One writer at a time (it holds a lock on the
 * feed's directory), which is a reader too: its struct feed is kept current.
 * Order: journal first, then objects/ (after the journal is on disk).
 */

struct journal_item {
	char *key;
	uint64_t rv;
	off_t off; /* of the object's bytes in the stage */
	uint32_t len;
};

struct journal {
	struct feed feed; /* open if synced */
	int datafd;	  /* the data directory, borrowed */
	int lockfd;
	int synced;
	int doubtful;	 /* mended by guess: list anew when possible */
	int dirty;	 /* appended since the last journal_sync() */
	uint64_t *local; /* hashes of the objects that were changed here */
	size_t nlocal;	 /* while there are, only a list is the master's */
	size_t nlocal_synced;
	struct buf local_new; /* lines of those that are not synced */
	char **pending;	      /* keys whose files are not written yet */
	size_t npending, cap_pending;
	int stage_fd; /* a list that is coming in, else -1 */
	off_t stage_len;
	struct journal_item *items;
	size_t nitems, cap_items;
	void (*told)(void *arg, const char *text);
	void *arg;
};

/*
 * Make the feed's directory and its file `feed` for the query (path, labels,
 * fields and keep of q), if they are not there, take its lock and take the
 * journal in; where that keeps others than q it is doubtful. What did not parse
 * is moved to quarantine/ and mended, and each such thing told in a line. 0; -1
 * with errno (EWOULDBLOCK: another writer has it), j freed.
 */
int journal_open(struct journal *j, int datafd, const char *data,
    const struct feed_query *q, void (*told)(void *, const char *), void *arg);
void journal_free(struct journal *j);

/*
 * Keep this of the objects from now on: written to `feed`. The journal
 * goes on as it is and is doubtful, as a list has to come. 0, or -1 with errno.
 */
int journal_keep(struct journal *j, const struct project *keep);

/*
 * Append an event. object: its bytes, of which what the journal keeps is taken.
 * What is not newer than the feed is dropped. A MODIFIED of an unknown object
 * becomes ADDED, an ADDED of a known one MODIFIED, a DELETED of an unknown one
 * nothing. 1 if written, 0 if not; -1 with errno (EBADMSG: does not parse; ENOSPC
 * and others: not written, and nothing has changed).
 */
int journal_event(struct journal *j, enum feed_type type, const char *object,
    size_t len);

/* So too, of an object on one line that was parsed: o, whole, borrowed. */
int journal_put(struct journal *j, enum feed_type type, const char *object,
    size_t len, const json_t *o);

/*
 * The object of this path is going to be changed by who is not the master:
 * noted until a whole list has come, and on disk when journal_local_sync() has
 * returned 0, which is to be before the event is appended. Where that fails
 * all notes since the last one are forgotten. 0, or -1 with errno.
 */
#define JOURNAL_LOCAL_MAX 20000
int journal_local(struct journal *j, const char *path);
int journal_local_sync(struct journal *j);

/*
 * A whole list comes in: begin, item by item, then commit swaps it in: the
 * first one as a new journal, later ones as the difference, in the order of
 * resourceVersions. Nothing of it is seen before. kind and api_version are the
 * objects' ("Pod", "v1"), put in where an item lacks them. With reset the
 * journal starts anew in any case and every open watch ends.
 */
int journal_list_begin(struct journal *j);
int journal_list_item(struct journal *j, const char *object, size_t len,
    const char *kind, const char *api_version);
int journal_list_commit(struct journal *j, uint64_t rv, const char *kind,
    const char *api_version, int reset);
void journal_list_abort(struct journal *j);

/*
 * Make what was appended durable (fdatasync): 0, or -1 with errno. Of several
 * journals begin with all: begin starts the writing, and does not wait.
 */
void journal_flush_begin(const struct journal *j);
int journal_flush(struct journal *j);
/*
 * Flush the journal, then bring objects/ up to it, a bounded
 * number of files a call: 1 if more is left, 0 if not, -1 with errno.
 */
int journal_sync(struct journal *j);
/* Compact the journal if it has grown enough. 0, or -1 with errno. */
int journal_compact(struct journal *j, int force);

/* Record in `feed` why it cannot be synced (code 0, "" clears it). 0 or -1. */
int journal_refuse(struct journal *j, int code, const char *why);
/* Record in `feed` the Warning that the master gives with it. 0 or -1. */
int journal_warn(struct journal *j, const char *warning);
/*
 * The resource is no more: every object goes as DELETED, one resourceVersion
 * after the other, as when the master removed them. 0, or -1 with errno.
 */
int journal_end(struct journal *j);
/* Remove the feed from disk; j must still be freed. 0, or -1 with errno. */
int journal_remove(struct journal *j);

/*
 * Private to lib/journal*.c. *object becomes what keep leaves of it, in b, where
 * that is not all. 0, or -1 with errno.
 */
int journal_cut(const struct project *keep, struct buf *b, const char **object,
    size_t *len);
/*
 * Put kind and apiVersion in front where an object lacks them, and on one line:
 * into b.
 */
int journal_normalize(struct buf *b, const char *object, size_t len,
    const char *kind, const char *api_version);
int journal_mend(struct journal *j, const char *dir);
/* Keep in the file `doubtful`, over restarts, that a list must come. */
int journal_doubt(struct journal *j);
int journal_touch(struct journal *j, const char *key);
int journal_append(struct journal *j, const struct buf *lines);
/* Read, or forget, what journal_local() noted. 0, or -1 with errno. */
int journal_local_read(struct journal *j);
/* 1 if the object with this hash (outbox_object()) was noted. */
int journal_is_local(const struct journal *j, uint64_t hash);
int journal_local_end(struct journal *j);

#endif
