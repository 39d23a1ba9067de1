#ifndef FEED_H
#define FEED_H

#include <stdint.h>
#include <sys/types.h>

#include "apipath.h"
#include "buf.h"
#include "meta.h"
#include "project.h"
#include "selector.h"

/*
 * A feed: one resource, scope and selectors, listed and watched upstream,
 * kept in a directory (ote-edge(7)). This is the reader's side: open it,
 * look objects up, follow its journal. The writer's side is journal.h.
 */

#define FEED_LINE_MAX (32 * 1024 * 1024)

enum feed_type {
	FEED_ADDED,
	FEED_MODIFIED,
	FEED_DELETED,
	FEED_BOOKMARK,
	FEED_PREVIOUS,
	FEED_BASE,
};
const char *feed_type_name(enum feed_type t);

/* An open journal file, shared by the feed and those who read on in an old one. */
struct feed_file {
	int fd;
	int refs;
};
struct feed_file *feed_file_ref(struct feed_file *f);
void feed_file_unref(struct feed_file *f);

struct feed_object {
	struct meta meta;
	off_t off; /* of the object's bytes in feed->file */
	uint32_t len;
};

struct feed_event {
	uint64_t rv;
	off_t off; /* of the line */
};

/* What the file `feed` says. */
struct feed_query {
	char path[APIPATH_MAX]; /* the collection: /api/v1/namespaces/x/pods */
	struct apipath p;	/* path, parsed */
	char *labels, *fields;	/* canonical texts */
	struct selector label_sel, field_sel;
	struct project keep; /* what is kept of its objects */
	char error[256];     /* why it could not be synced, "" if it was */
	int code;	     /* HTTP code of that, 0 if none */
	char warning[256];   /* the Warning header that came with it, or "" */
};

struct feed {
	char dir[512];
	int dirfd;
	struct feed_query q;
	const struct resource *r; /* may be NULL */
	struct feed_file *file;	  /* the journal */
	char id[17];
	char kind[128], api_version[128];
	struct project keep;	      /* what the journal has of its objects */
	uint64_t base_rv;	      /* watches from before it are too old */
	uint64_t rv;		      /* position: the last line's */
	off_t end;		      /* bytes of the journal taken in */
	off_t live;		      /* offset of the first event line */
	struct feed_object **objects; /* sorted by key */
	size_t nobjects, cap_objects;
	struct feed_event *events; /* of this file, in order */
	size_t nevents, cap_events;
	/* after FEED_SWAPPED: old offset x is now x + shift, for x >= shift_from */
	off_t shift, shift_from;
	off_t live_bytes; /* of the objects that are there */
	off_t previous;	  /* private: a PREVIOUS line waits for its event */
	size_t snapshot;  /* private: lines of the snapshot still to come */
	int bad_lines;	  /* skipped by feed_salvage() */
	off_t bad_from;	  /* where the first one stood */
};

/*
 * Open dir and take its journal in. f must not move while it is open (its
 * query points into itself). 0; -1 with errno: ENOENT (no such feed),
 * EAGAIN (not synced yet: no journal), EBADMSG (broken journal, f->end tells where), ...
 * On EAGAIN f->q is filled in (read error and code) and f must be freed, as always.
 */
int feed_open(struct feed *f, const char *dir);
void feed_free(struct feed *f);

/*
 * As feed_open(), but lines that do not parse are skipped and counted, and
 * until ends it early (0: never): for mending and compaction.
 */
int feed_salvage(struct feed *f, const char *dir, off_t until);

/* Only the file `feed` of dir. 0, or -1 with errno. */
int feed_read_query(struct feed_query *q, int dirfd);
void feed_query_free(struct feed_query *q);
/* Read error, code and warning of an open feed again. 0, or -1 with errno. */
int feed_refresh(struct feed *f);
/*
 * A query for a collection's path, selectors made canonical. 0; -1 with errno
 * EINVAL or ENOMEM. To be freed in any case.
 */
int feed_query_make(struct feed_query *q, const char *path, const char *labels,
    const char *fields);
/*
 * From a line of feeds.conf, path [labelSelector=...] [fieldSelector=...]
 * [fields=...], which is cut up. 1; 0 if there is nothing on it; -1 as
 * feed_query_make().
 */
int feed_query_line(struct feed_query *q, char *line);
/* From a wish: {"path":..., and, as needed, labelSelector, fieldSelector, fields}. */
int feed_query_wish(struct feed_query *q, const char *text, size_t len);

enum feed_change {
	FEED_SAME,
	FEED_GREW,    /* new lines: see f->end before and after */
	FEED_SWAPPED, /* compacted: positions move by shift; may have grown too */
	FEED_RESET,   /* started anew: every position is void */
	FEED_GONE,    /* removed */
};
/* Take in what was written since. An enum feed_change, or -1 with errno. */
int feed_follow(struct feed *f);

/* It is in use, so that it is kept (ote-watch-sync(8), -g). 0, or -1 with errno. */
int feed_touch(const struct feed *f);

/* The object, or NULL. Borrowed until the next follow. */
const struct feed_object *feed_get(const struct feed *f, const char *ns,
    const char *name);
/* The index of the first object whose key is >= key. */
size_t feed_lower_bound(const struct feed *f, const char *key);

/* Append an object's bytes to b. 0, or -1 with errno. */
int feed_read(const struct feed *f, const struct feed_object *o, struct buf *b);

/*
 * The offset of the first event with an rv greater than rv (f->end if none).
 * -1 with errno ESTALE if rv is before the base.
 */
off_t feed_position(const struct feed *f, uint64_t rv);

/* A line of a journal, taken apart. Zeroed memory is empty. */
struct feed_line {
	enum feed_type type;
	off_t off, next;    /* where it stands; where the next one does */
	struct buf text;    /* the line, newline included */
	const char *object; /* its bytes in text */
	size_t object_len;
	uint64_t rv;
	struct meta meta; /* not of BOOKMARK and BASE */
};
/*
 * Read the line at off (< end) of a journal. 0; -1 with errno EBADMSG, EIO...
 * l is reused; feed_line_free() at the end.
 */
int feed_line_read(struct feed_line *l, const struct feed_file *file, off_t off,
    off_t end, const struct resource *r);
/* Take l->text, whole with its newline, apart: 0, or -1 with errno. */
int feed_line_parse(struct feed_line *l, const struct resource *r);
void feed_line_free(struct feed_line *l);

#endif
