/*
 * When actions are sent, and what is done with their answers. One that is
 * tried again keeps its node (it is out for the queue), but not its place
 * among those that fly.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action_flight.h"
#include "clock.h"
#include "status.h"

#define BURST_US 100000
#define PAUSE_US 5000 /* timers shorter than that only cost */
#define TRIES_MAX 5
#define RETRY_AFTER_MAX_S 10
#define CONNECT_AGAIN_MS 1000
#define LOST_AGAIN_MS 100
#define SILENCE_MS 10000 /* it is not told more often */

static void say(const struct action_send *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct action_send *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->told(s->arg, text);
}

static void
arm(struct event *timer, long long us)
{
	struct timeval tv = { us / 1000000, us % 1000000 };

	evtimer_add(timer, &tv);
}

/* --- results --- */

static void
result(struct action_flight *f, int code, const char *reason,
    const char *message)
{
	struct action_result r = { .code = code,
		.reason = reason,
		.message = message,
		.tries = f->tries };

	if (f->began_us != 0)
		r.ms = (monotonic_us() - f->began_us) / 1000;
	f->send->result(f->send->arg, f->action, &r);
}

static void
over(struct action_flight *f)
{
	struct action_send *s = f->send;

	s->out--;
	LIST_REMOVE(f, all);
	action_queue_done(s->queue, f->action);
	action_flight_free(f);
}

/* What a Status says, or whatever else came with an error. */
static void
answered(struct action_flight *f, int code)
{
	const char *reason = NULL, *message = NULL;
	json_t *o = NULL;

	if (code >= 300) {
		o = json_loadb(f->answer.data != NULL ? f->answer.data : "",
		    f->answer.len, 0, NULL);
		reason = json_string_value(json_object_get(o, "reason"));
		message = json_string_value(json_object_get(o, "message"));
		if (reason == NULL || *reason == '\0')
			reason = status_reason(code);
		if (o == NULL && f->answer.len > 0) {
			f->answer.data[strcspn(f->answer.data, "\r\n")] = '\0';
			message = f->answer.data;
		}
	}
	result(f, code, reason, message);
	json_decref(o);
}

/* --- trying again --- */

static int
is_lost(CURLcode curl)
{
	return curl == CURLE_SEND_FAIL_REWIND || upstream_is_ended(curl);
}

static const char *
text_of(CURLcode curl)
{
	return curl == CURLE_SEND_FAIL_REWIND
	    ? "the connection ended before the answer"
	    : curl_easy_strerror(curl);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct action_flight *f = arg;
	struct action_send *s = f->send;

	(void)fd;
	(void)what;
	TAILQ_INSERT_TAIL(&s->due, f, due);
	f->is_due = 1;
	action_send_pump(s);
	s->moved(s->arg);
}

/* How long to wait before the next try; -1: this was the last. */
static long long
again_ms(struct action_flight *f, CURLcode curl, int code)
{
	curl_off_t after = 0;

	if (f->tries >= TRIES_MAX)
		return -1;
	if (curl == CURLE_COULDNT_CONNECT && f->tries == 1)
		return CONNECT_AGAIN_MS; /* nothing was sent */
	if (is_lost(curl) && f->action->may_repeat && !f->was_lost) {
		f->was_lost = 1;
		return LOST_AGAIN_MS;
	}
	if (curl != CURLE_OK || (code != 429 && code != 503))
		return -1;
	curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &after);
	if (after <= 0)
		return -1;
	if (after > RETRY_AFTER_MAX_S)
		after = RETRY_AFTER_MAX_S;
	return (long long)after * 1000 + arc4random_uniform(250);
}

static int
try_later(struct action_flight *f, long long ms)
{
	if (f->timer == NULL)
		f->timer = evtimer_new(f->send->base, on_again, f);
	if (f->timer == NULL)
		return -1;
	arm(f->timer, ms * 1000);
	return 0;
}

/* --- the master's health, as it is seen here --- */

static void
hear(struct action_send *s, CURLcode curl, int code)
{
	long long now = monotonic_us() / 1000;

	if (curl != CURLE_OK) {
		if (!s->silent && now >= s->silence_ms) {
			say(s, "the master does not answer: %s", text_of(curl));
			s->silent = 1;
			s->silence_ms = now + SILENCE_MS;
		}
		return;
	}
	if (s->silent)
		say(s, "the master answers again");
	s->silent = 0;
	if (code != 401)
		s->refused_since_ms = 0;
	else if (s->refused_since_ms == 0) {
		s->refused_since_ms = now;
		say(s, "the master refuses the credential: 401");
	} else if (now - s->refused_since_ms >= s->refused_s * 1000LL)
		s->refused = 1;
}

static void
on_done(CURL *easy, CURLcode curl)
{
	struct action_flight *f = NULL;
	struct action_send *s;
	long code = 0;
	long long ms;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&f);
	s = f->send;
	s->flying--;
	if (curl == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	hear(s, curl, (int)code);
	ms = again_ms(f, curl, (int)code);
	if (ms != -1 && s->verbose)
		say(s, "%s %s: %s, again in %lld ms", f->action->method,
		    f->action->path,
		    curl == CURLE_OK ? status_reason((int)code) : text_of(curl),
		    ms);
	if (ms != -1 && try_later(f, ms) == 0)
		action_flight_clear(f);
	else {
		if (curl == CURLE_OK)
			answered(f, (int)code);
		else
			result(f, 0, "NoAnswer", text_of(curl));
		over(f);
	}
	action_send_pump(s);
	s->moved(s->arg);
}

/* --- sending --- */

/* A renew that comes to its next try late gives way to a newer one. */
static void
give_way(struct action_flight *f)
{
	struct action *old = f->action, *newer;
	char why[256];

	if ((newer = action_queue_newer(f->send->queue, old)) == NULL)
		return;
	snprintf(why, sizeof(why), "by %s", newer->id);
	result(f, 0, "Replaced", why);
	f->action = newer;
	f->tries = f->was_lost = 0;
	f->began_us = 0;
	action_queue_done(f->send->queue, old);
}

static void
begin(struct action_send *s, struct action_flight *f)
{
	if (f->began_us == 0)
		f->began_us = monotonic_us();
	f->tries++;
	if (action_flight_start(f) == 0) {
		s->flying++;
		return;
	}
	result(f, 0, "NoAnswer", strerror(errno));
	over(f);
}

/* The next one to be begun, or NULL. */
static struct action_flight *
choose(struct action_send *s)
{
	struct action_flight *f = TAILQ_FIRST(&s->due);
	struct action *a;

	if (f != NULL) {
		TAILQ_REMOVE(&s->due, f, due);
		f->is_due = 0;
		give_way(f);
		return f;
	}
	if ((f = action_flight_new(s)) == NULL)
		return NULL;
	if ((a = action_queue_next(s->queue)) == NULL) {
		action_flight_free(f);
		return NULL;
	}
	f->action = a;
	LIST_INSERT_HEAD(&s->all, f, all);
	s->out++;
	return f;
}

static int
is_waiting(const struct action_send *s)
{
	return !TAILQ_EMPTY(&s->due) || action_queue_may_go(s->queue);
}

void
action_send_pump(struct action_send *s)
{
	struct action_flight *f;
	long long now, pause;

	while (!s->held && !s->refused && s->flying < s->parallel &&
	    is_waiting(s)) {
		now = monotonic_us();
		if (now < s->next_us) {
			pause = s->next_us - now;
			arm(s->pace, pause > PAUSE_US ? pause : PAUSE_US);
			return;
		}
		if ((f = choose(s)) == NULL)
			return;
		if (s->next_us < now - BURST_US)
			s->next_us = now - BURST_US;
		s->next_us += 1000000 / s->rate;
		begin(s, f);
	}
}

static void
on_pace(evutil_socket_t fd, short what, void *arg)
{
	struct action_send *s = arg;

	(void)fd;
	(void)what;
	action_send_pump(s);
	s->moved(s->arg);
}

int
action_send_init(struct action_send *s)
{
	LIST_INIT(&s->all);
	TAILQ_INIT(&s->due);
	if (curlev_init(&s->curl, s->base, on_done) == -1)
		return -1;
	if ((s->pace = evtimer_new(s->base, on_pace, s)) != NULL)
		return 0;
	curlev_free(&s->curl);
	errno = ENOMEM;
	return -1;
}

void
action_send_free(struct action_send *s)
{
	struct action_flight *f;

	while ((f = LIST_FIRST(&s->all)) != NULL)
		over(f);
	if (s->pace != NULL)
		event_free(s->pace);
	s->pace = NULL;
	curlev_free(&s->curl);
}
