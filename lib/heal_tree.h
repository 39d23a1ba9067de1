#ifndef HEAL_TREE_H
#define HEAL_TREE_H

#include "feed.h"

#define HEAL_FEEDS_MAX 64

enum heal_kind {
	HEAL_PODS,
	HEAL_SERVICES,
	HEAL_SLICES,
	HEAL_ENDPOINTS,
	HEAL_KINDS
};

struct heal_feed {
	struct feed feed;
	enum heal_kind kind;
	int wd;	   /* of pods, else -1 */
	int fresh; /* all of its pods are to be looked at */
	int gone;  /* to be closed */
};

/* The feeds of a tree that tell of pods and their endpoints. */
struct heal_tree {
	const char *data, *node;		 /* borrowed */
	int inotify;				 /* borrowed */
	struct heal_feed *feeds[HEAL_FEEDS_MAX]; /* more are left alone */
	size_t n;
	unsigned healed;		/* objects, ever */
	void (*told)(const char *path); /* of each; NULL: nobody */
};

/*
 * Open what feeds there are and not open yet; inotify hears of those of pods.
 * 0, or -1 with errno.
 */
int heal_tree_open(struct heal_tree *t);
/* Close all. t can be opened again. */
void heal_tree_close(struct heal_tree *t);

/*
 * Look at each pod of the node that changed since the last time, at first at
 * all of them, and hand what heal_object() makes of EndpointSlices and
 * Endpoints to ote-watch-sync as local events. 0; -1 with errno if something
 * could not be done: to be called again.
 */
int heal_tree_round(struct heal_tree *t);

#endif
