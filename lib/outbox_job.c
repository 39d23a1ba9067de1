/*
 * One entry of the outbox on its way to the master: what is asked, what is
 * answered, and what becomes of its file.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "outbox_job.h"

#define ANSWER_MAX (8 * 1024 * 1024)
#define STREAMS_MAX 8
#define TIMEOUT_S 30L
#define RETRY_AFTER_MAX_S 300
#define ERRORS_MAX 3	/* in a row, and the master is in trouble */
#define ATTEMPTS_MAX 50 /* of an entry that the master answers with 5xx */
#define TRIM_EACH 256	/* entries */

static const char *
text_of(const struct outbox_job *j, const char *member)
{
	const char *text =
	    json_string_value(json_object_get(j->taken.entry, member));

	return text != NULL ? text : "";
}

static void
say_job(const struct outbox_job *j, const char *what, const char *why)
{
	outbox_pass_say(j->pass, "%s %s: %s%s%s", text_of(j, "verb"),
	    text_of(j, "path"), what, *why != '\0' ? ": " : "", why);
}

static void
end_transfer(struct outbox_job *j)
{
	if (j->easy != NULL)
		curl_easy_cleanup(j->easy);
	curl_slist_free_all(j->headers);
	free(j->text);
	buf_free(&j->answer);
	j->easy = NULL;
	j->headers = NULL;
	j->text = NULL;
}

void
outbox_job_end(struct outbox_job *j)
{
	struct outbox_pass *t = j->pass;
	size_t i;

	t->list.slots[j->index].mark = OUTBOX_OVER;
	for (i = 0; i < OUTBOX_PARALLEL; i++)
		if (t->jobs[i] == j)
			t->jobs[i] = NULL;
	t->njobs--;
	end_transfer(j);
	replay_free(&j->replay);
	user_free(&j->user);
	outbox_take_release(&j->taken);
	free(j);
	t->progress(t->arg);
}

/* What stands behind it of the same object is left for another pass. */
static void
leave(struct outbox_pass *t, size_t index)
{
	size_t i;

	for (i = index; i < t->list.n; i++)
		if (t->list.slots[i].object == t->list.slots[index].object &&
		    (t->list.slots[i].mark == OUTBOX_WAITS || i == index)) {
			t->list.slots[i].mark = OUTBOX_OVER;
			t->left++;
		}
}

/*
 * What waits for an object whose creation has ended: those entries learn the
 * uid that the master gave it, or fail as well. 0, or -1 with errno.
 */
static int
tell_others(struct outbox_job *j, const char *uid, const char *reason)
{
	struct outbox_pass *t = j->pass;
	struct outbox_taken other;
	struct outbox_list l;
	char why[256];
	size_t i;
	int rc = 0;

	if (outbox_list(&l, t->dirs->newfd, NULL, NULL) == -1)
		return -1;
	for (i = 0; rc == 0 && i < l.n; i++) {
		if (l.slots[i].object != j->taken.slot.object ||
		    outbox_take(t->dirs, &l.slots[i], &other, why,
			sizeof(why)) != 0)
			continue;
		if (!json_is_true(json_object_get(other.entry, "created"))) {
			outbox_take_release(&other);
			continue;
		}
		if (reason != NULL) {
			rc = outbox_take_fail(t->dirs, &other, reason);
			t->failed += rc == 0;
		} else {
			json_object_set_new(other.entry, "uid",
			    json_string(uid));
			rc = outbox_take_update(t->dirs, &other);
		}
		outbox_take_release(&other);
	}
	outbox_list_free(&l);
	return rc;
}

static int
is_creation(const struct outbox_job *j)
{
	return strcmp(text_of(j, "verb"), "create") == 0 &&
	    j->taken.slot.kind == OUTBOX_OBJECT;
}

/* The disk: a full one is no reason to keep from it what makes room. */
static void
on_system(struct outbox_job *j)
{
	struct outbox_pass *t = j->pass;

	if (errno != ENOSPC && errno != EDQUOT)
		t->trouble = 1;
	snprintf(t->why, sizeof(t->why), "outbox: %s", strerror(errno));
	if (!t->trouble)
		say_job(j, "later", t->why);
	leave(t, j->index);
	outbox_job_end(j);
}

static void
on_done(struct outbox_job *j)
{
	struct outbox_pass *t = j->pass;

	t->errors = 0;
	if (j->replay.why[0] != '\0' || t->verbose)
		say_job(j, "done", j->replay.why);
	if ((is_creation(j) &&
		(outbox_owner_made(t, j->taken.entry, j->replay.uid) == -1 ||
		    tell_others(j, j->replay.uid, NULL) == -1)) ||
	    outbox_take_done(t->dirs, &j->taken) == -1) {
		on_system(j);
		return;
	}
	t->done++;
	outbox_job_end(j);
	if (t->done % TRIM_EACH == 0)
		malloc_trim(0);
}

/* An Event on the master tells what became of it. */
static int
report(struct outbox_job *j)
{
	char name[OUTBOX_NAME_LEN], *path;
	json_t *e;
	int rc;

	if (j->taken.slot.kind != OUTBOX_OBJECT &&
	    j->taken.slot.kind != OUTBOX_DELETE)
		return 0;
	outbox_name(&j->taken.slot, name);
	name[16] = '\0'; /* its time */
	e = replay_event(j->taken.entry, name,
	    j->replay.conflict ? "OutboxConflict" : "OutboxRefused",
	    j->replay.why, &path);
	if (e == NULL)
		return -1;
	rc = outbox_put_event(j->pass->dirs, path, e);
	j->pass->again = 1;
	json_decref(e);
	free(path);
	return rc;
}

static void
on_failed(struct outbox_job *j)
{
	struct outbox_pass *t = j->pass;

	t->errors = 0;
	say_job(j, "failed", j->replay.why);
	if ((is_creation(j) &&
		(outbox_owner_made(t, j->taken.entry, NULL) == -1 ||
		    tell_others(j, NULL, "its creation failed") == -1)) ||
	    report(j) == -1 ||
	    outbox_take_fail(t->dirs, &j->taken, j->replay.why) == -1) {
		on_system(j);
		return;
	}
	t->failed++;
	outbox_job_end(j);
}

/* One more attempt in its file. 0; 1 if there were too many; -1, errno. */
static int
count_attempt(struct outbox_job *j)
{
	json_t *entry = j->taken.entry;
	json_int_t n = json_integer_value(json_object_get(entry, "attempts"));

	if (json_object_set_new(entry, "attempts", json_integer(n + 1)) == -1) {
		errno = ENOMEM;
		return -1;
	}
	if (outbox_take_update(j->pass->dirs, &j->taken) == -1)
		return -1;
	return n + 1 >= ATTEMPTS_MAX;
}

/* The master's, or the hub's with it: not of one entry or one user alone. */
static int
is_trouble(const struct outbox_job *j, int code)
{
	if (code == 401)
		return j->kind != BEHALF_PAIR && j->kind != BEHALF_NOBODY;
	return code == 0 || code == 429 || code == 503;
}

static void
on_later(struct outbox_job *j, int code, long long retry_after_ms)
{
	struct outbox_pass *t = j->pass;
	int rc;

	if (code == 401 && j->kind == BEHALF_NOBODY) {
		on_failed(j);
		return;
	}
	if (retry_after_ms > t->retry_after_ms)
		t->retry_after_ms = retry_after_ms;
	if (is_trouble(j, code) || (code != 401 && ++t->errors >= ERRORS_MAX)) {
		t->trouble = 1;
		snprintf(t->why, sizeof(t->why), "%s", j->replay.why);
	}
	if (t->verbose || !t->trouble)
		say_job(j, "later", j->replay.why);
	if (!is_trouble(j, code)) {
		if ((rc = count_attempt(j)) == -1) {
			on_system(j);
			return;
		}
		if (rc == 1) {
			on_failed(j);
			return;
		}
	}
	leave(t, j->index);
	outbox_job_end(j);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct outbox_job *j = arg;

	n *= size;
	if (j->answer.len + n > ANSWER_MAX ||
	    buf_add(&j->answer, bytes, n) == -1)
		return 0;
	return n;
}

static CURLcode
set_options(struct outbox_job *j)
{
	const struct replay *r = &j->replay;
	CURL *e = j->easy;
	CURLcode c;

	c = curl_easy_setopt(e, CURLOPT_PRIVATE, j);
	c |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
	if (j->text != NULL) {
		c |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)strlen(j->text));
		c |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, j->text);
	}
	c |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, j->headers);
	c |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	c |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	c |= curl_easy_setopt(e, CURLOPT_WRITEDATA, j);
	c |= curl_easy_setopt(e, CURLOPT_TIMEOUT, TIMEOUT_S);
	return c;
}

static int
add_header(struct outbox_job *j, const char *line)
{
	struct curl_slist *l = curl_slist_append(j->headers, line);

	if (l == NULL)
		return -1;
	j->headers = l;
	return 0;
}

/* In whose name, as things are now. 0; -1 with the reason in replay.why. */
static int
choose(struct outbox_job *j, struct behalf *b)
{
	struct outbox_pass *t = j->pass;
	char why[sizeof(j->replay.why)];

	b->kind = BEHALF_OWN;
	if (t->rules != NULL && j->user.name != NULL &&
	    !(j->sees && strcmp(j->replay.method, "GET") == 0))
		behalf_choose(b, t->rules, &j->user, NULL,
		    (long long)time(NULL), why, sizeof(why));
	j->kind = b->kind;
	if (b->kind != BEHALF_REFUSED)
		return 0;
	snprintf(j->replay.why, sizeof(j->replay.why), "%s", why);
	return -1;
}

/* 0, or -1 where there is no memory. */
static int
ask(struct outbox_job *j, const struct behalf *b)
{
	const struct replay *r = &j->replay;
	struct outbox_pass *t = j->pass;
	char line[128];

	end_transfer(j);
	j->headers = upstream_headers(t->up);
	if (j->headers == NULL ||
	    add_header(j, "Accept: application/json") == -1 ||
	    behalf_headers(b, &j->headers) == -1)
		return -1;
	if (r->type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %.100s", r->type);
		j->text = json_dumps(r->request, JSON_COMPACT);
		if (j->text == NULL || add_header(j, line) == -1)
			return -1;
	}
	j->easy = upstream_easy(t->up, r->path.data);
	if (j->easy == NULL || set_options(j) != CURLE_OK ||
	    behalf_apply(b, j->easy) == -1)
		return -1;
	return curlev_add(&t->curl, j->easy);
}

static void
act(struct outbox_job *j, enum replay_verdict v, int code,
    long long retry_after_ms)
{
	struct behalf b = { 0 };

	switch (v) {
	case REPLAY_ASK:
		if (choose(j, &b) == -1)
			on_failed(j);
		else if (ask(j, &b) == -1) {
			errno = ENOMEM;
			on_system(j);
		}
		break;
	case REPLAY_DONE:
		on_done(j);
		break;
	case REPLAY_FAILED:
		on_failed(j);
		break;
	case REPLAY_LATER:
		on_later(j, code, retry_after_ms);
		break;
	}
}

void
outbox_job_answer(CURL *easy, CURLcode result)
{
	curl_off_t retry = 0;
	struct outbox_job *j = NULL;
	struct outbox_pass *t;
	json_t *answer = NULL;
	long code = 0;
	enum replay_verdict v;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&j);
	t = j->pass;
	if (result == CURLE_OK) {
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
		curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry);
		if (j->answer.len > 0)
			answer =
			    json_loadb(j->answer.data, j->answer.len, 0, NULL);
	} else
		snprintf(j->replay.why, sizeof(j->replay.why), "%s",
		    curl_easy_strerror(result));
	if (retry > RETRY_AFTER_MAX_S)
		retry = RETRY_AFTER_MAX_S;
	/* RFC 9113, 8.1: a refusal may reset what is left; libcurl drops it */
	if (result == CURLE_HTTP2_STREAM && ++j->streams < STREAMS_MAX)
		v = REPLAY_ASK;
	else if (code == 403 && !j->sees && j->kind != BEHALF_OWN &&
	    strcmp(j->replay.method, "GET") == 0) {
		j->sees = 1;
		v = REPLAY_ASK;
	} else
		v = replay_answer(&j->replay, (int)code, answer);
	json_decref(answer);
	act(j, v, (int)code, (long long)retry * 1000);
	outbox_pass_pump(t);
}

/* Of an entry that has but a name, or none, it is the hub itself. */
static int
read_user(struct outbox_job *j)
{
	const json_t *user = json_object_get(j->taken.entry, "user");

	return json_is_object(user) ? user_load(&j->user, user) : 0;
}

/* What names an object that was made here does so in the master's words. */
static void
begin(struct outbox_job *j)
{
	struct outbox_pass *t = j->pass;
	enum outbox_owner owner;
	size_t index;

	if (outbox_owner_check(t, j->taken.entry, &owner) == -1) {
		on_system(j);
		return;
	}
	if (owner == OWNER_WAITS) {
		index = j->index;
		outbox_job_end(j);
		t->list.slots[index].mark = OUTBOX_HELD;
		return;
	}
	replay_init(&j->replay, j->taken.entry);
	if (read_user(j) == -1) {
		if (errno != EBADMSG) {
			on_system(j);
			return;
		}
		snprintf(j->replay.why, sizeof(j->replay.why),
		    "its user is none");
		on_failed(j);
		return;
	}
	if (owner == OWNER_FAILED) {
		snprintf(j->replay.why, sizeof(j->replay.why),
		    "the creation of its owner failed");
		on_failed(j);
		return;
	}
	/* who merges writes must know that this one may be on the master */
	if (j->taken.slot.kind == OUTBOX_OBJECT &&
	    outbox_take_mark(&j->taken) == -1) {
		on_system(j);
		return;
	}
	act(j, replay_begin(&j->replay), 0, 0);
}

void
outbox_job_start(struct outbox_pass *t, size_t index)
{
	struct outbox_job *j = calloc(1, sizeof(*j));
	char name[OUTBOX_NAME_LEN], why[256];
	size_t i;
	int rc;

	if (j == NULL) {
		t->trouble = 1;
		snprintf(t->why, sizeof(t->why), "%s", strerror(errno));
		return;
	}
	j->pass = t;
	j->index = index;
	rc = outbox_take(t->dirs, &t->list.slots[index], &j->taken, why,
	    sizeof(why));
	if (rc != 0) {
		outbox_name(&t->list.slots[index], name);
		if (rc == -1 && errno == EBADMSG) {
			outbox_pass_say(t, "%s: failed: %s", name, why);
			t->failed++;
		} else if (rc == -1) {
			outbox_pass_say(t, "%s: %s", name, strerror(errno));
			t->left++;
		} else
			t->again = 1;
		t->list.slots[index].mark = OUTBOX_OVER;
		free(j);
		return;
	}
	t->list.slots[index].mark = OUTBOX_ACTIVE;
	for (i = 0; t->jobs[i] != NULL; i++)
		;
	t->jobs[i] = j;
	t->njobs++;
	begin(j);
}
