#ifndef EXPIRY_H
#define EXPIRY_H

/* How long a certificate is good, and when that is to be told. Unix seconds. */
struct expiry {
	long long from, until;
};

/*
 * Of the first certificate of a PEM file, or of PEM in memory where data is
 * not NULL. 0; -1 with errno, EBADMSG where there is none.
 */
int expiry_read(struct expiry *x, const char *file, const char *data);

/* Of the one of a PEM file that is good for longest. 0; -1 as above. */
int expiry_read_longest(struct expiry *x, const char *file);
/*
 * Of the revocation list of a PEM file that has to be renewed first: from when
 * it is until when the next is due. 0; -1 as above.
 */
int expiry_read_crl(struct expiry *x, const char *file);

enum expiry_stage {
	EXPIRY_FINE,
	EXPIRY_SOON, /* a tenth of its life is left: kubelet renews before that */
	EXPIRY_NEAR, /* a fiftieth */
	EXPIRY_OVER,
	EXPIRY_EARLY, /* not good yet: the clock is wrong, more likely than not */
};
enum expiry_stage expiry_stage(const struct expiry *x, long long now);
/* "fine", "soon", "near", "expired", "early" */
const char *expiry_name(enum expiry_stage stage);

/* What was told last. Zeroed memory: nothing. */
struct expiry_told {
	enum expiry_stage stage;
	long long when;
};
/*
 * 1 if it is to be told now, and is noted as told: when the stage is another
 * one than last time, and a day after that, but not while it is fine.
 */
int expiry_tell(struct expiry_told *t, const struct expiry *x, long long now);

#endif
