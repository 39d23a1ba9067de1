#ifndef CLOCK_H
#define CLOCK_H

/* For intervals; it does not go on while the machine sleeps. */
long long monotonic_ms(void);
long long monotonic_us(void);
/* Microseconds since 1970, as good as the machine's date is. */
long long wall_us(void);
/* Seconds since 1970. */
long long wall_s(void);

/*
 * RFC 3339 in UTC, of microseconds since 1970: as metav1.MicroTime is written
 * (2006-01-02T15:04:05.000000Z), and as metav1.Time is (whole seconds). 0, or
 * -1 with errno ERANGE and no text: no year from 1 to 9999.
 */
#define CLOCK_TEXT_LEN 32
int clock_micro(long long us, char out[CLOCK_TEXT_LEN]);
int clock_second(long long us, char out[CLOCK_TEXT_LEN]);
/* As metav1.Time, of seconds; else "an unknown time". Returns text. */
const char *clock_text(long long s, char text[CLOCK_TEXT_LEN]);

#endif
