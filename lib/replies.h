#ifndef REPLIES_H
#define REPLIES_H

#include <stddef.h>
#include <sys/types.h>

#include <zlib.h>

#include "buf.h"
#include "hash.h"

/*
 * Answers of discovery, one file each: data/replies/PATH/TYPE; ote-edge(7)
 * has the format. Written by ote-edge-server as clients ask, and by
 * ote-discovery without that. datafd is the data directory.
 */
#define REPLIES_PATH_MAX 256
#define REPLIES_TYPE_MAX 192
#define REPLIES_LINES_MAX 1024
#define REPLIES_BODY_MAX (64LL * 1024 * 1024) /* bytes, unpacked */
#define REPLIES_VARIANTS 16		      /* types of one path */

struct replies_head {
	char path[REPLIES_PATH_MAX];
	char type[REPLIES_TYPE_MAX]; /* Content-Type, as it was */
	char etag[REPLIES_TYPE_MAX]; /* quotes included, "" if there is none */
	char source[HASH_LEN];	     /* ote-discovery's, "" of a client's */
	char lines[REPLIES_LINES_MAX]; /* headers to repeat, CRLF behind each */
	long long size;		       /* of the body, unpacked */
	long long stored;	       /* and as it lies in the file */
	int gzip;
};

/* What kube-apiserver does with methods on a path, and with Accept. */
enum replies_kind {
	REPLIES_NONE,	 /* not to be remembered */
	REPLIES_ROOT,	 /* "/": any method, any Accept */
	REPLIES_ROUTE,	 /* GET alone; 406 is a Status */
	REPLIES_GROUPS,	 /* /apis and /apis/G: any method */
	REPLIES_OPENAPI, /* any method; 406 has no body */
	REPLIES_INDEX,	 /* /openapi/v3: any method, any Accept */
};

/*
 * The kind of a decoded path. key gets the path to look under, without the
 * slash at the end where that makes no difference; at least
 * REPLIES_PATH_MAX bytes.
 */
enum replies_kind replies_kind(const char *path, char *key);

/* --- writing: zeroed memory is none --- */
struct replies_writer {
	int datafd; /* borrowed */
	int fd;
	char temp[96];
	struct replies_head head;
	struct buf held; /* the body until it is worth packing */
	z_stream *z;
};

/* A new answer to path. 0, or -1 with errno. Needs a commit or an abort. */
int replies_begin(struct replies_writer *w, int datafd, const char *path);
/* Note a header, if it is one that is kept. 0, or -1 with errno E2BIG. */
int replies_header(struct replies_writer *w, const char *name,
    const char *value);
/* Bytes of the body, not encoded. 0, or -1 with errno (EFBIG). */
int replies_write(struct replies_writer *w, const void *p, size_t n);
/*
 * It is whole: take the place of what was there, and free w. source marks
 * what ote-discovery keeps, NULL or "" is a client's; that of an answer that
 * was kept stays. 1; 0 if the same was there already; -1 with errno and
 * nothing changed.
 */
int replies_commit(struct replies_writer *w, const char *source);
void replies_abort(struct replies_writer *w);

/* --- reading --- */
struct replies_file {
	int fd;
	struct replies_head head;
	long long left; /* stored bytes not read yet */
	long long unpacked;
	z_stream *z;
	unsigned char *in;
};

/* 0; -1 with errno ENOENT where nothing (sound) is remembered. */
int replies_open(struct replies_file *f, int datafd, const char *path,
    const char *type);
/* Bytes of the body, unpacked unless raw; 0 at its end; -1 with errno. */
ssize_t replies_read(struct replies_file *f, void *p, size_t n, int raw);
void replies_close(struct replies_file *f);

/*
 * The types that are there for path ("any" of what has but one, whatever is
 * asked for). How many; 0 also on failure.
 */
size_t replies_types(int datafd, const char *path,
    char (*types)[REPLIES_TYPE_MAX], size_t max);

/* --- all of them --- */

/*
 * Drop what clients asked for longest ago while there are more than max files
 * or bytes; what has a source stays. Also what a crash left. 0 or -1, errno.
 */
int replies_trim(int datafd, size_t max, long long bytes);
/* Drop what clients alone asked for under path. 0, or -1 with errno. */
int replies_forget(int datafd, const char *path);
/* Call each(arg, path) for all that is there; non-zero: remove all of path. */
int replies_sweep(int datafd, int (*each)(void *arg, const char *path),
    void *arg);

#endif
