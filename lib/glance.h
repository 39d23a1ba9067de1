#ifndef GLANCE_H
#define GLANCE_H

#include <jansson.h>

/*
 * How a hub is, from its data directory alone: the object that ote-status(8)
 * prints, its members documented there. Nothing in the directory is changed,
 * and what its processes do meanwhile does no harm. now is in seconds since
 * 1970. NULL with errno: data cannot be read, or there is no memory.
 */
json_t *glance(const char *data, long long now);

#endif
