#ifndef HUMAN_H
#define HUMAN_H

#include "span.h"

/* Times as people read them; all in microseconds. */

#define HUMAN_LEN 32

/* apimachinery duration.HumanDuration: "119s", "5m10s", "3d4h". */
void human_duration(long long us, char out[HUMAN_LEN]);

/*
 * The RFC 3339 time in a JSON string, since 1970. 0; 1 if it is absent, null,
 * empty or Go's zero time; -1 if it is no time.
 */
int human_time(struct span value, long long *us);

#endif
