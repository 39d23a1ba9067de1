#ifndef EDGE_H
#define EDGE_H

#include <event2/event.h>
#include <sys/queue.h>

#include "apipath.h"
#include "curlev.h"
#include "feed.h"
#include "kubeconfig.h"
#include "record.h"
#include "selector.h"
#include "status.h"
#include "upstream.h"

/* What the parts of ote-edge-server share. One for the process. */
struct edge {
	struct event_base *base;
	struct fcgi_server server;
	struct curlev curlev;
	struct kubeconfig kubeconfig;
	struct upstream up;
	const char *data;
	int datafd;
	int standalone;
	int verbose;
	long deadline_ms; /* for "most recent" reads that the cache covers */
	int inotify;
	int run_wd, wishes_wd;
	/* master.c */
	int master_up;
	long long down_since; /* unix seconds, 0 while up */
	struct event *suspect_timer;
	int suspect;
	/* feeds.c */
	struct feeds *feeds;
	/* wish.c */
	struct wishes *wishes;
	/* list.c */
	unsigned long lists;
};

/* How a request is taken apart; strings point into text. */
struct query {
	char *text;
	const char *labels, *fields; /* as sent, "" if not */
	struct selector label_sel, field_sel;
	const char *rv, *match, *cont; /* NULL if not sent */
	uint64_t rv_number;
	long limit;
	int watch, bookmarks, pretty;
	int initial_events; /* -1 not sent, else 0 or 1 */
	long timeout_s;	    /* 0 if not sent */
};

enum request_owner {
	OWNER_NONE,
	OWNER_PASS,
	OWNER_WATCH,
	OWNER_WISH,
	OWNER_WAIT,
	OWNER_WRITE,
	OWNER_DRAIN, /* cut off: answered when its body has come */
};

struct list_file;

struct request {
	struct fcgi_conn *c;
	struct edge *edge;
	char method[16];
	char *uri;  /* path and query as sent */
	char *path; /* decoded, without query */
	struct apipath p;
	struct query q;
	int head;      /* HEAD: no body */
	int wished;    /* a wish was tried already */
	int fell_back; /* the master did not answer in time */
	int has_body;
	char refusal[64]; /* of OWNER_DRAIN */
	enum request_owner owner;
	void *own;		/* struct pass, watcher, ... */
	struct list_file *list; /* being sent */
};

/* request.c: from parameters to an answer */
void request_start(struct fcgi_conn *c);
void request_body(struct fcgi_conn *c, const char *p, size_t n);
void request_drained(struct fcgi_conn *c);
void request_closed(struct fcgi_conn *c);
/* Answer 503, once the whole body was read. */
void request_refuse(struct request *r, const char *what);
/* Serve a read of a resource from its start (again, after a wait). */
void request_read(struct request *r);

/* query.c: 0; -1 with errno EINVAL and why (400), ENOMEM */
int query_parse(struct query *q, const char *text, char *why, size_t len);
void query_free(struct query *q);
/* 1 if Accept lets plain JSON be the answer: *transformed if a Table or the
 * like would have been liked better. */
int query_accepts_json(const char *accept, int *transformed);

/* answer.c: whole answers. All of them end the request. */
void answer(struct request *r, int code, const char *type, const void *p,
    size_t n);
void answer_status(struct request *r, const struct status *s);
/* A Status with the request's own details and a formatted message. */
void answer_error(struct request *r, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* 503: cut off, since when, and what is not here. */
void answer_cut_off(struct request *r, const char *what);

/* master.c: is the master there? */
int master_open(struct edge *e);
void master_changed(struct edge *e);
/* A live request found it slow or refusing: not asked again for a while. */
void master_suspect(struct edge *e, const char *how);
int master_ok(const struct edge *e);

#endif
