#ifndef CLOCK_H
#define CLOCK_H

/* For intervals; it does not go on while the machine sleeps. */
long long monotonic_ms(void);
long long monotonic_us(void);
/* Microseconds since 1970, as good as the machine's date is. */
long long wall_us(void);
/* Seconds since 1970. */
long long wall_s(void);

/* RFC 3339 in UTC, as metav1.Time is written: 2006-01-02T15:04:05Z. */
#define CLOCK_TEXT_LEN 32
/* Of seconds since 1970; "an unknown time" where there is no such year. Returns text. */
const char *clock_text(long long s, char text[CLOCK_TEXT_LEN]);

#endif
