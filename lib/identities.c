/*
 * Key pairs by the name of whom they speak for. What was read is kept, the
 * last used in front, until its files change; a pair that is wrong in any way
 * is never handed out.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apipath.h"
#include "buf.h"
#include "hash.h"
#include "identities.h"
#include "pem.h"

#define NAME_BYTES 256 /* of a file's name, or of a CN, with NUL */

int
identities_init(struct identities *s, const char *dir)
{
	struct stat st;

	memset(s, 0, sizeof(*s));
	if (dir == NULL)
		return 0;
	if (stat(dir, &st) == -1) {
		if (errno != ENOENT)
			return -1;
	} else if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	return (s->dir = strdup(dir)) == NULL ? -1 : 0;
}

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void
forget_pair(struct identity *i)
{
	free(i->cert);
	wipe(i->key);
	client_cert_free(&i->who);
	i->cert = i->key = NULL;
}

static void
identity_free(struct identity *i)
{
	forget_pair(i);
	free(i->name);
	free(i);
}

void
identities_free(struct identities *s)
{
	struct identity *i;

	while ((i = s->all) != NULL) {
		s->all = i->next;
		identity_free(i);
	}
	free(s->dir);
	memset(s, 0, sizeof(*s));
}

/* --- files --- */

static int
file_of(const struct identities *s, const char *name, const char *suffix,
    char *out, size_t len)
{
	char file[NAME_BYTES];
	int n;

	if (apipath_escape(name, file, sizeof(file) - strlen(suffix)) == -1)
		return -1;
	n = snprintf(out, len, "%s/%s%s", s->dir, file, suffix);
	if (n > 0 && (size_t)n < len)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* What changes with a file, 0 if it is not there; 1 if it cannot be read. */
static uint64_t
stamp_of(const char *path)
{
	struct {
		ino_t ino;
		off_t size;
		struct timespec mtime, ctime;
	} id;
	char hex[HASH_LEN];
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return lstat(path, &st) == 0; /* a link to nowhere is told */
	memset(&id, 0, sizeof(id));
	id.ino = st.st_ino;
	id.size = st.st_size;
	id.mtime = st.st_mtim;
	id.ctime = st.st_ctim;
	hash_name(&id, sizeof(id), hex);
	return strtoull(hex, NULL, 16) | 1;
}

static void
set_why(struct identity *i, const char *path, const char *what)
{
	const char *slash = strrchr(path, '/');

	snprintf(i->why, sizeof(i->why), "%.150s: %.100s", slash + 1, what);
}

static char *
read_pem(struct identity *i, const char *path)
{
	struct buf b = { 0 };
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		set_why(i, path, "it is no file");
	else if (buf_read_file(&b, AT_FDCWD, path, CLIENT_CERT_MAX) == -1)
		set_why(i, path, strerror(errno));
	else if (strlen(b.data) != b.len)
		set_why(i, path, "it is no PEM");
	else
		return b.data;
	if (b.data != NULL)
		explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return NULL;
}

/* NULL, or what is wrong with the two of them. */
static const char *
check_key(const char *cert, const char *key)
{
	EVP_PKEY *pkey = pem_key(key, strlen(key));
	X509 *x = pem_certificate(cert, strlen(cert));
	const char *wrong = NULL;

	if (pkey == NULL)
		wrong = "there is no PEM private key without a passphrase";
	else if (x == NULL || X509_check_private_key(x, pkey) != 1)
		wrong = "key and certificate do not belong together";
	EVP_PKEY_free(pkey);
	X509_free(x);
	ERR_clear_error();
	return wrong;
}

/* Read both halves, and look at them. Sets i->why. */
static void
load(struct identity *i, const char *cert, const char *key)
{
	const char *wrong;
	char why[200];

	forget_pair(i);
	i->why[0] = '\0';
	if ((i->cert = read_pem(i, cert)) == NULL ||
	    (i->key = read_pem(i, key)) == NULL)
		return;
	if (client_cert_read(&i->who, i->cert, strlen(i->cert), why,
		sizeof(why)) == -1)
		set_why(i, cert, why);
	else if (strcmp(i->who.user.name, i->name) != 0)
		set_why(i, cert, "its certificate has another CN");
	else if ((wrong = check_key(i->cert, i->key)) != NULL)
		set_why(i, key, wrong);
}

/* --- those that are known --- */

/* Take it out of the list; NULL if it is not there. */
static struct identity *
take(struct identities *s, const char *name)
{
	struct identity **p, *i;

	for (p = &s->all; (i = *p) != NULL; p = &i->next)
		if (strcmp(i->name, name) == 0) {
			*p = i->next;
			s->n--;
			return i;
		}
	return NULL;
}

static void
put_first(struct identities *s, struct identity *i)
{
	struct identity **p = &s->all;

	i->next = s->all;
	s->all = i;
	if (s->n++ < IDENTITIES_MAX)
		return;
	while ((*p)->next != NULL)
		p = &(*p)->next;
	identity_free(*p);
	*p = NULL;
	s->n--;
}

static struct identity *
make(const char *name)
{
	struct identity *i = calloc(1, sizeof(*i));

	if (i != NULL && (i->name = strdup(name)) == NULL) {
		free(i);
		return NULL;
	}
	return i;
}

/*
 * The one of that name as its files are now, good or not. NULL with errno:
 * ENOENT if there are none.
 */
static struct identity *
look_up(struct identities *s, const char *name)
{
	char one[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
	uint64_t a, b, c, stamp;
	struct identity *i;

	if (s->dir == NULL || *name == '\0' ||
	    file_of(s, name, ".pem", one, sizeof(one)) == -1 ||
	    file_of(s, name, ".crt", cert, sizeof(cert)) == -1 ||
	    file_of(s, name, ".key", key, sizeof(key)) == -1) {
		errno = ENOENT;
		return NULL;
	}
	a = stamp_of(one);
	b = a == 0 ? stamp_of(cert) : 0;
	c = a == 0 ? stamp_of(key) : 0;
	i = take(s, name);
	if (a == 0 && b == 0 && c == 0) {
		if (i != NULL)
			identity_free(i);
		errno = ENOENT;
		return NULL;
	}
	stamp = a != 0 ? a : b * 31 + c;
	if (i == NULL && (i = make(name)) == NULL)
		return NULL;
	if (i->stamp != (long long)stamp)
		load(i, a != 0 ? one : cert, a != 0 ? one : key);
	/* what could not be read is tried again */
	i->stamp = i->key != NULL ? (long long)stamp : 0;
	put_first(s, i);
	return i;
}

const struct identity *
identities_find(struct identities *s, const struct user *u, long long now,
    char *why, size_t len)
{
	struct identity *i;

	why[0] = '\0';
	if ((i = look_up(s, u->name)) == NULL) {
		if (errno != ENOENT)
			snprintf(why, len, "%s", strerror(errno));
		return NULL;
	}
	if (i->why[0] != '\0')
		snprintf(why, len, "%s", i->why);
	else if (!user_same(&i->who.user, u))
		snprintf(why, len, "its key pair is of other groups, or uid");
	else if (now > i->who.not_after)
		(void)client_cert_check(&i->who, now, why, len);
	else
		return i;
	errno = EBADMSG;
	return NULL;
}

/* --- all of them --- */

/*
 * The CN that a file's name stands for: 1; 0 if the file is the second half of
 * another or hidden, -1 if it is none.
 */
static int
cn_of(const char *file, char *cn, size_t len)
{
	size_t n = strlen(file);
	char back[NAME_BYTES];

	if (file[0] == '.')
		return 0;
	if (n < 5 || n >= len)
		return -1;
	memcpy(cn, file, n - 4);
	cn[n - 4] = '\0';
	if ((strcmp(file + n - 4, ".pem") != 0 &&
		strcmp(file + n - 4, ".crt") != 0 &&
		strcmp(file + n - 4, ".key") != 0) ||
	    apipath_decode(cn, 0) == -1 ||
	    apipath_escape(cn, back, sizeof(back)) == -1 ||
	    strlen(back) != n - 4 || memcmp(back, file, n - 4) != 0)
		return -1;
	return 1;
}

static int
has(const struct identities *s, const char *cn, const char *suffix)
{
	char path[PATH_MAX];

	return file_of(s, cn, suffix, path, sizeof(path)) == 0 &&
	    access(path, F_OK) == 0;
}

/* A pair of three files, or of two, is looked at once. */
static int
is_second(const struct identities *s, const char *file, const char *cn)
{
	const char *suffix = file + strlen(file) - 4;

	if (strcmp(suffix, ".pem") == 0)
		return 0;
	return has(s, cn, ".pem") ||
	    (strcmp(suffix, ".key") == 0 && has(s, cn, ".crt"));
}

/* 1 if it can be used. */
static int
check_file(struct identities *s, const char *file, long long now,
    void (*tell)(void *, const char *), void *arg)
{
	char cn[NAME_BYTES], line[PATH_MAX + 256], why[256] = "";
	int is = cn_of(file, cn, sizeof(cn));
	struct identity *i;

	if (is == 0 || (is == 1 && is_second(s, file, cn)))
		return 0;
	if (is == -1)
		snprintf(line, sizeof(line),
		    "%s/%s: it is named neither CN.pem, CN.crt nor CN.key, "
		    "with %%XX for odd bytes (%%3A is a colon)",
		    s->dir, file);
	else if ((i = look_up(s, cn)) == NULL)
		snprintf(line, sizeof(line), "%s/%s: %s", s->dir, file,
		    strerror(errno));
	else if (i->why[0] != '\0')
		snprintf(line, sizeof(line), "%s/%s", s->dir, i->why);
	else if (client_cert_check(&i->who, now, why, sizeof(why)) == -1)
		snprintf(line, sizeof(line), "%s/%s: %s", s->dir, file, why);
	else
		return 1;
	tell(arg, line);
	return 0;
}

int
identities_check(struct identities *s, long long now,
    void (*tell)(void *, const char *), void *arg)
{
	struct dirent *e;
	int n = 0;
	DIR *d;

	if (s->dir == NULL)
		return 0;
	if ((d = opendir(s->dir)) == NULL)
		return errno == ENOENT ? 0 : -1;
	while ((e = readdir(d)) != NULL)
		n += check_file(s, e->d_name, now, tell, arg);
	closedir(d);
	return n;
}
