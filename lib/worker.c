/*
 * The thread is told under a lock, and tells through an eventfd, which is what
 * a loop can wait for.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker.h"

#define STACK (256 * 1024)

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	int begin, end; /* a job is to be done; the thread is to end */
	int error;
	int fd;
	struct event *ev;
	int (*job)(void *arg);
	void (*done)(void *arg, int error);
	void *arg;
};

static void *
run(void *arg)
{
	static const uint64_t one = 1;
	struct worker *w = arg;
	int error;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->begin && !w->end)
			pthread_cond_wait(&w->wanted, &w->lock);
		if (w->end)
			break;
		w->begin = 0;
		pthread_mutex_unlock(&w->lock);
		error = w->job(w->arg);
		pthread_mutex_lock(&w->lock);
		w->error = error;
		while (write(w->fd, &one, sizeof(one)) == -1 && errno == EINTR)
			;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
on_done(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t n;
	int error;

	(void)what;
	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return;
	pthread_mutex_lock(&w->lock);
	error = w->error;
	pthread_mutex_unlock(&w->lock);
	w->done(w->arg, error);
}

/* Signals are the loop's. 0, or an errno. */
static int
begin_thread(struct worker *w)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	if ((rc = pthread_attr_init(&attr)) != 0)
		return rc;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if ((rc = pthread_attr_setstacksize(&attr, STACK)) == 0)
		rc = pthread_create(&w->thread, &attr, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

struct worker *
worker_new(struct event_base *base, int (*job)(void *),
    void (*done)(void *, int), void *arg)
{
	struct worker *w = calloc(1, sizeof(*w));
	int error = ENOMEM;

	if (w == NULL)
		return NULL;
	w->job = job;
	w->done = done;
	w->arg = arg;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wanted, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd == -1)
		error = errno;
	else {
		w->ev =
		    event_new(base, w->fd, EV_READ | EV_PERSIST, on_done, w);
		if (w->ev != NULL && event_add(w->ev, NULL) == 0 &&
		    (error = begin_thread(w)) == 0)
			return w;
		if (w->ev != NULL)
			event_free(w->ev);
		close(w->fd);
	}
	free(w);
	errno = error;
	return NULL;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->end = 1;
	pthread_cond_signal(&w->wanted);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	event_free(w->ev);
	close(w->fd);
	pthread_cond_destroy(&w->wanted);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
worker_start(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->begin = 1;
	pthread_cond_signal(&w->wanted);
	pthread_mutex_unlock(&w->lock);
}
