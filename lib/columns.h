#ifndef COLUMNS_H
#define COLUMNS_H

#include "fetch.h"

/*
 * The columns of Tables as the master has them, for the resources that have a
 * feed: data/tables/GROUP/VERSION/RESOURCE, the JSON array columnDefinitions
 * in one line; GROUP is core for "".
 */
struct columns {
	struct fetch *fetch; /* borrowed, as the others */
	const char *data;
	int datafd;
	int custom_again; /* those of custom resources may be others now */
	char last[600];	  /* private: the resource that was looked at */
};

/*
 * Ask for what is missing, and for what is older than the remembered
 * /version. 0, or -1 if the master is gone; what it refuses is left out.
 */
int columns_refresh(struct columns *c);

#endif
