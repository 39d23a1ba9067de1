/*
 * What is kept of a k3s server, as files.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "digest.h"
#include "k3s_store.h"

#define FILES_MAX 64
#define ROUNDS 50000
#define SALT 16
#define HASH 32
#define REFUSED "refused\n"

/* k3s/NAME. 0; -1 with errno where the name is none. */
static int
path_of(const char *name, char *out, size_t len)
{
	const char *p;
	int n;

	errno = EINVAL;
	if (*name == '\0' || *name == '/' || strstr(name, "..") != NULL)
		return -1;
	for (p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_.,/", *p) == NULL)
			return -1;
	n = snprintf(out, len, "k3s/%s", name);
	if (n > 0 && (size_t)n < len)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int
k3s_store_get(int datafd, const char *name, struct buf *b)
{
	char path[PATH_MAX];

	if (path_of(name, path, sizeof(path)) == -1)
		return -1;
	return buf_read_file(b, datafd, path, K3S_FILE_MAX);
}

/* --- keeping --- */

/* NAME or NAME,KEY of the one whose files stay. */
static int
is_own(const char *name, const char *own)
{
	size_t n = own == NULL ? 0 : strlen(own);

	return n > 0 && strncmp(name, own, n) == 0 &&
	    (name[n] == '\0' || name[n] == ',');
}

/*
 * The file of dir to go first: the one written longest ago, of those that are
 * not own if there are any. How many there are.
 */
static size_t
oldest(DIR *d, const char *own, char *name, size_t len)
{
	struct timespec least = { 0, 0 };
	int other = 0, is_other, is_older;
	struct dirent *e;
	struct stat st;
	size_t n = 0;

	while ((e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    !S_ISREG(st.st_mode))
			continue;
		is_other = !is_own(e->d_name, own);
		is_older = st.st_mtim.tv_sec < least.tv_sec ||
		    (st.st_mtim.tv_sec == least.tv_sec &&
			st.st_mtim.tv_nsec < least.tv_nsec);
		if (n++ == 0 || is_other > other ||
		    (is_other == other && is_older)) {
			other = is_other;
			least = st.st_mtim;
			snprintf(name, len, "%s", e->d_name);
		}
	}
	return n;
}

static int
trim(int datafd, const char *path, const char *own)
{
	char dir[PATH_MAX], name[NAME_MAX + 1];
	int fd, rc = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path),
	    path);
	fd = openat(datafd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (rc == 0 && oldest(d, own, name, sizeof(name)) > FILES_MAX) {
		rc = unlinkat(dirfd(d), name, 0);
		rewinddir(d);
	}
	closedir(d);
	return rc;
}

static int
is_same(int datafd, const char *path, const void *p, size_t n)
{
	struct buf b = { 0 };
	int yes = buf_read_file(&b, datafd, path, K3S_FILE_MAX) == 0 &&
	    b.len == n && (n == 0 || memcmp(b.data, p, n) == 0);

	buf_free(&b);
	return yes;
}

int
k3s_store_put(int datafd, const char *name, const void *p, size_t n,
    const char *own)
{
	char path[PATH_MAX], dir[PATH_MAX];

	if (n > K3S_FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (path_of(name, path, sizeof(path)) == -1)
		return -1;
	if (is_same(datafd, path, p, n))
		return 0;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path),
	    path);
	if (atomic_mkdirs(datafd, dir) == -1 ||
	    atomic_write(datafd, path, p, n, 1) == -1)
		return -1;
	return trim(datafd, path, own);
}

int
k3s_store_remove(int datafd, const char *name)
{
	char path[PATH_MAX];

	if (path_of(name, path, sizeof(path)) == -1)
		return -1;
	return unlinkat(datafd, path, 0) == -1 && errno != ENOENT ? -1 : 0;
}

/* --- node passwords --- */

static int
derive(const char *password, const unsigned char *salt, int rounds,
    unsigned char *out)
{
	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT,
		rounds, EVP_sha256(), HASH, out) == 1)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
from_hex(const char *s, unsigned char *out, size_t n)
{
	unsigned int c;
	size_t i;

	if (strlen(s) != 2 * n)
		return -1;
	for (i = 0; i < n; i++) {
		if (sscanf(s + 2 * i, "%2x", &c) != 1)
			return -1;
		out[i] = (unsigned char)c;
	}
	return 0;
}

static int
file_of(const char *node, char *out, size_t len)
{
	int n = strchr(node, '/') != NULL
	    ? -1
	    : snprintf(out, len, "nodes/%s", node);

	if (n > 0 && (size_t)n < len)
		return 0;
	errno = EINVAL;
	return -1;
}

int
k3s_password_check(int datafd, const char *node, const char *password)
{
	char file[300], salt_hex[2 * SALT + 1], hash_hex[2 * HASH + 1];
	unsigned char salt[SALT], want[HASH], got[HASH];
	struct buf b = { 0 };
	int rounds, n;

	if (file_of(node, file, sizeof(file)) == -1 ||
	    k3s_store_get(datafd, file, &b) == -1)
		return -1;
	if (b.data != NULL && strcmp(b.data, REFUSED) == 0) {
		buf_free(&b);
		return 0;
	}
	n = sscanf(b.data == NULL ? "" : b.data, "pbkdf2-sha256 %d %32s %64s",
	    &rounds, salt_hex, hash_hex);
	buf_free(&b);
	if (n != 3 || rounds < 1 || rounds > 10 * ROUNDS ||
	    from_hex(salt_hex, salt, SALT) == -1 ||
	    from_hex(hash_hex, want, HASH) == -1) {
		errno = EBADMSG;
		return -1;
	}
	if (derive(password, salt, rounds, got) == -1)
		return -1;
	return CRYPTO_memcmp(got, want, HASH) == 0;
}

/* 1 if there is a hash that counts. */
static int
has_hash(int datafd, const char *file)
{
	struct buf b = { 0 };
	int yes = k3s_store_get(datafd, file, &b) == 0 && b.data != NULL &&
	    strncmp(b.data, "pbkdf2-", 7) == 0;

	buf_free(&b);
	return yes;
}

int
k3s_password_keep(int datafd, const char *node, const char *password,
    const char *own)
{
	char file[300], salt_hex[2 * SALT + 1], hash_hex[2 * HASH + 1];
	unsigned char salt[SALT], hash[HASH];
	char line[256];
	int n;

	if (file_of(node, file, sizeof(file)) == -1)
		return -1;
	if (has_hash(datafd, file)) {
		errno = EEXIST;
		return -1;
	}
	if (RAND_bytes(salt, SALT) != 1) {
		errno = EIO;
		return -1;
	}
	if (derive(password, salt, ROUNDS, hash) == -1)
		return -1;
	digest_hex(salt, SALT, salt_hex);
	digest_hex(hash, HASH, hash_hex);
	n = snprintf(line, sizeof(line), "pbkdf2-sha256 %d %s %s\n", ROUNDS,
	    salt_hex, hash_hex);
	return k3s_store_put(datafd, file, line, (size_t)n, own);
}

int
k3s_password_refuse(int datafd, const char *node, const char *own)
{
	char file[300];

	if (file_of(node, file, sizeof(file)) == -1)
		return -1;
	return k3s_store_put(datafd, file, REFUSED, strlen(REFUSED), own);
}
