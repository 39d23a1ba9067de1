#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include "masters.h"

/*
 * The addresses of an Endpoints object (v1) in a file, each with the port
 * named https, else the first one, of its subset. 0; -1 with errno where there is none that parses.
 */
int endpoints_read(struct masters *ms, const char *path);

#endif
