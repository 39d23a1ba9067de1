#ifndef PARTS_H
#define PARTS_H

#include "feeds.h"

/* list.c: LIST from a feed */
void list_serve(struct request *r, struct feed_handle *h);
/* Send on what the client takes. */
void list_pump(struct request *r);
void list_close(struct request *r);
/* 1 if one resourceVersion is asked for, and no other. */
int list_is_exact(const struct query *q);

/* listfile.c: lists as files that lighttpd sends; see listfile.h */
struct list_file {
	LIST_ENTRY(list_file) next;
	struct edge *edge;
	char *key;     /* namespace and selectors */
	char name[32]; /* in data/run/lists */
	int refs;      /* requests that lighttpd still sends it to */
	int stale;
};
void list_release(struct list_file *l);
/* The feed moved on: its files are no longer handed out. */
void list_forget(struct feed_handle *h);
/* Remove what an earlier process left. */
int list_init(struct edge *e);

/* wait.c: until a feed has come to a resourceVersion, 3 s at most */
struct waiter {
	LIST_ENTRY(waiter) next;
	struct request *r;
	struct feed_handle *h;
	struct event *timer;
};
void wait_for_rv(struct request *r, struct feed_handle *h);
void wait_check(struct feed_handle *h);
void wait_close(struct waiter *w);

/* wish.c: until ote-watch-sync has made a feed of it */
int wish_init(struct edge *e);
void wish_free(struct edge *e);
/* 0: the request waits and is served again; -1: no wish could be left. */
int wish_make(struct request *r);
/* Leave one and do not wait. */
void wish_leave(const struct request *r);
void wish_granted(struct edge *e, const char *name);
void wish_close(struct request *r);

/* pass.c: through to the master */
/*
 * fallback: called instead of an error when the master does not answer within
 * edge->deadline_ms; NULL to wait as long as it takes.
 */
void pass_start(struct request *r, void (*fallback)(struct request *));
void pass_body(struct request *r, const char *p, size_t n);
void pass_drained(struct request *r);
void pass_close(struct request *r);
void pass_done(CURL *easy, CURLcode code);

/* replies.c: answers of discovery, remembered */
struct reply;
/* Begin to remember the answer of this request; NULL if it is none of those. */
struct reply *reply_begin(struct request *r);
void reply_header(struct reply *p, const char *name, const char *value);
void reply_body(struct reply *p, const char *bytes, size_t n);
/* whole: keep it; else forget it. Frees p. */
void reply_end(struct reply *p, int whole);
/* Answer from memory. 0, or -1 if nothing is remembered. */
int reply_serve(struct request *r);
/* Send on what the client takes. */
void reply_pump(struct request *r);
void reply_close(struct request *r);
/* 1 if there is something to answer with when the master is slow. */
int reply_is_there(const struct request *r);

/* grants.c: tokens and access reviews, remembered */
#define GRANTS_WAIT_MS 5000 /* for the master, with an answer at hand */
int grants_init(struct edge *e);
/* 1 if an object that a token is bound to is known to be gone. */
struct grant_bound;
int grants_is_gone(struct edge *e, const struct grant_bound *b);
/* 1 if the request is one of those: it is taken over; else 0. */
int grants_take(struct request *r);
void grants_body(struct request *r, const char *p, size_t n);
/* Bytes of the master's answer, and its end. */
void grants_answer(struct request *r, const char *p, size_t n);
void grants_answered(struct request *r, int code);
/* Also of a request that was none. */
void grants_close(struct request *r);

/*
 * uids.c: those of objects that were created here, and the master's for them;
 * NULL if there are none. Borrowed of e, which reads on.
 */
const struct outbox_uids *uids_known(struct edge *e);
/* In text: ours become the master's. */
void uids_map(struct edge *e, struct buf *b);

/* certificate.c: tells when the client certificate is about to expire */
int certificate_init(struct edge *e);

/* audit.c: writes and refusals, in data/audit/log */
int audit_start(struct edge *e);
void audit_begin(struct request *r);
/* An answer begins; what it was to be afterwards does not count. */
void audit_answer(struct request *r, int code);
/* The request is over, be it without an answer. */
void audit_end(struct request *r);
/* A line of it, whatever it is. */
void audit_request(struct request *r, int code);

/* limit.c: how much of the server one caller may have */
/* 0, or -1 with errno. */
int limit_init(struct edge *e, unsigned connections);
/*
 * Who asks is to be found out first, or is nobody that is let in: it counts for
 * system:anonymous. Not for a certificate, which says at once who that is:
 * else whoever is nobody could keep the kubelet out. 0; -1 answered with 429.
 */
int limit_ask(struct request *r);
/* Who asks is known now; where nobody is told apart nothing is counted. */
int limit_begin(struct request *r);
/* It becomes a watch (again). */
int limit_watch(struct request *r);
/* It is a write to be held here. 0; -1: answer it by limit_refuse(). */
int limit_write(struct request *r);
void limit_refuse(struct request *r);
void limit_end(struct request *r);
/* 1 if who asks is never refused: the kubelet of this node. */
int limit_is_first(const struct request *r);

/* health.c: /healthz, /livez, /readyz */
int health_is(const char *path);
void health_serve(struct request *r);

/* refuse.c: what request_refuse() put off: the body has come. */
void refuse_now(struct request *r);
void refuse_free(struct request *r);

/* write.c: standalone, the tree is the authority */
void write_start(struct request *r);
void write_body(struct request *r, const char *p, size_t n);
void write_close(struct request *r);
/* A feed for the resource, empty if there was none. 0, or -1. */
int write_make_feed(struct request *r);

/* local.c: writes while cut off, by the policy */
/* local_keep.c: once. 0, or -1 with errno. */
int local_init(struct edge *e);
/* 0: the request is taken; -1: it is not for here. */
int local_start(struct request *r);
void local_body(struct request *r, const char *p, size_t n);
void local_close(struct request *r);
/* 1 if a write to the object of the request waits: it is newer here. */
int local_waits(struct request *r);
/*
 * The master is going to be asked for a write that could be taken here: keep
 * what the client sends, in case that it does not answer. The fallback for
 * pass_start(), or NULL.
 */
void (*local_shadow(struct request *r))(struct request *);
void local_shadow_body(struct request *r, const char *p, size_t n);
void local_shadow_free(struct request *r);

#endif
