#ifndef EDGE_H
#define EDGE_H

#include <event2/event.h>
#include <sys/queue.h>

#include "apipath.h"
#include "behalf.h"
#include "caller_limits.h"
#include "curlev.h"
#include "feed.h"
#include "kubeconfig.h"
#include "media.h"
#include "outbox.h"
#include "outbox_uid.h"
#include "policy.h"
#include "record.h"
#include "selector.h"
#include "status.h"
#include "upstream.h"

struct access;
struct auditor;
struct k3s;
struct keeper;
struct keys;
struct may_asks;
struct nodes;
struct recents;
struct who;
struct whos;

/* What the parts of ote-edge-server share. One for the process. */
struct edge {
	struct event_base *base;
	struct fcgi_server server;
	struct curlev curlev, serial;	   /* by HTTP/2; by HTTP/1.1 */
	struct curlev calls, calls_serial; /* of call.c */
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct policies policies; /* of writes while cut off */
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
	/* local_keep.c */
	struct keeper *keeper;
	struct outbox_limits outbox_limits;
	/* recent.c */
	struct recents *recents;
	/* uids.c */
	struct outbox_uids uids;
	/* certificate.c */
	struct certificate *certificate;
	/* grants.c */
	struct grants *grants;
	long review_age_s; /* how long an access review's answer is good */
	/* callers are told apart: --authorization-mode Webhook */
	int webhook;
	const char *node; /* this node's name, or NULL */
	struct behalf_rules behalf;
	const char *issuers, *audiences, *key_file; /* "" or NULL: not given */
	struct whos *whos;			    /* who.c */
	struct access *access;			    /* decisions */
	struct may_asks *asks;			    /* may.c */
	struct keys *keys;			    /* keys.c */
	struct nodes *nodes;			    /* nodes.c */
	/* k3s.c; NULL: not in front of k3s */
	struct k3s *k3s;
	/* audit.c */
	struct auditor *auditor;
	/* limit.c */
	struct limits limits;
};

/* How a request is taken apart; strings point into text. */
struct query {
	char *text;
	const char *labels, *fields; /* as sent, "" if not */
	struct selector label_sel, field_sel;
	const char *rv, *match, *cont; /* NULL if not sent, or empty */
	const char *include;	       /* includeObject of a Table, or NULL */
	uint64_t rv_number;	       /* set by options_check() */
	long limit;
	int watch, bookmarks;
	int initial_events; /* -1 not sent, else 0 or 1 */
	long timeout_s;	    /* 0 if not sent */
	unsigned taken;	    /* private to query.c */
};

enum request_owner {
	OWNER_NONE,
	OWNER_PASS,
	OWNER_WATCH,
	OWNER_WISH,
	OWNER_WAIT,
	OWNER_WRITE,
	OWNER_LOCAL,
	OWNER_LIST,
	OWNER_REPLY,
	OWNER_GRANT,
	OWNER_WHO,
	OWNER_MAY,
	OWNER_K3S,
	OWNER_DRAIN, /* refused: answered when its body has come */
};

struct list_file;
struct local;
struct refusal;

struct request {
	struct fcgi_conn *c;
	struct edge *edge;
	char method[16];
	char *uri;  /* path and query as sent */
	char *path; /* decoded, without query */
	struct apipath p;
	struct query q;
	struct media media;
	int pretty;    /* indented JSON */
	int head;      /* HEAD: no body */
	int foreign;   /* field labels that only a feed of theirs can tell */
	int wished;    /* a wish was tried already */
	int fell_back; /* the master did not answer in time */
	int unsure;    /* whether it has done this write */
	int has_body;
	struct refusal *refusal; /* of OWNER_DRAIN */
	struct who *who;	 /* the caller; NULL: not told apart */
	char *token;		 /* his, as it goes upstream */
	int poses;		 /* he acts as another: the master decides */
	int asked_in_vain;	 /* the master did not say whether he may */
	int wishes;		 /* leaves a wish once he is known to may */
	struct local *shadow;	 /* of a write that the master is asked */
	struct buf said;	 /* the answer to that: recent.c */
	enum request_owner owner;
	void *own;		/* struct pass, watcher, ... */
	struct list_file *list; /* being sent */
	struct ask *ask;	/* grants.c: a token or a review is asked for */
	long long began_ms;	/* monotonic */
	int answered;		/* the code, once an answer has begun */
	const char *why;	/* of the Status that is just being answered */
	struct limits_caller *held[LIMITS_KINDS]; /* limit.c */
};

/* request.c: from parameters to an answer */
void request_start(struct fcgi_conn *c);
void request_body(struct fcgi_conn *c, const char *p, size_t n);
void request_drained(struct fcgi_conn *c);
void request_closed(struct fcgi_conn *c);
/* Answer 503, once the whole body was read. */
void request_refuse(struct request *r, const char *what);
/* So too a Status, which is copied; details: not the request's own. */
void request_refuse_as(struct request *r, const struct status *s);
/* Serve a read of a resource from its start (again, after a wait). */
void request_read(struct request *r);
/* So too anything else. */
void request_other(struct request *r);

/*
 * query.c: 0; -1 with errno EINVAL and why (400), ENOMEM. Of a GET of one
 * object only what counts for it is looked at.
 */
int query_parse(struct query *q, const char *text, int one, char *why,
    size_t len);
/* negotiation.isPrettyPrint */
int query_is_pretty(const char *text, const char *agent);
void query_free(struct query *q);

/* options.c: only take the resourceVersion: the master judges. */
void options_version(struct request *r);
/* options.c: 0 if kube-apiserver would take these options, else answered */
int options_check(struct request *r, const struct resource *res);

/* answer.c: whole answers. All of them end the request. */
void answer(struct request *r, int code, const char *type, const void *p,
    size_t n);
/* 404 as where the master has no such resource. */
void answer_no_page(struct request *r);
/* 400 as Go's HTTP server answers before any API is asked. */
void answer_go(struct request *r);
/* 200 and one JSON object. warning: of a Warning header, or NULL. */
void answer_json(struct request *r, const char *warning, const struct buf *b);
/* One JSON object, with the code of what was done. */
void answer_object(struct request *r, int code, const char *text);
void answer_status(struct request *r, const struct status *s);
/* A 400 without details, as of apierrors.NewBadRequest. */
void answer_bad(struct request *r, const char *message);
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
