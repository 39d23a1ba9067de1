#ifndef K3S_STORE_H
#define K3S_STORE_H

#include "buf.h"

#define K3S_FILE_MAX (256 * 1024)

/*
 * What a k3s server has said, in the data directory: k3s/config,
 * k3s/client-ca.crt, k3s/certs/CALL/NODE,KEY, ... mode 0600. Names are of
 * letters, digits and "-_.,/", without dots that lead elsewhere.
 */

/* Append the file. 0; -1 with errno: ENOENT if nothing is kept. */
int k3s_store_get(int datafd, const char *name, struct buf *b);
/*
 * Keep it, synced; the oldest of more than 64 files of a directory go, those
 * that are named own, or own and a comma, after all others. own may be NULL.
 * What is the same as before is not written. 0, or -1 with errno.
 */
int k3s_store_put(int datafd, const char *name, const void *p, size_t n,
    const char *own);
/* 0 if it is gone, or was not there; -1 with errno. */
int k3s_store_remove(int datafd, const char *name);

/*
 * The password by which a node has been accepted, kept as a salted hash in
 * k3s/nodes/NODE: the first one, until it is refused, as a server in trouble
 * takes any. own as above. 0; -1 with errno: EEXIST if one is known.
 */
int k3s_password_keep(int datafd, const char *node, const char *password,
    const char *own);
/* The server does not take what is kept: none fits any more. 0, -1 with errno. */
int k3s_password_refuse(int datafd, const char *node, const char *own);
/*
 * 1 if it is that, 0 if it is another; -1 with errno: ENOENT if none is known.
 * It takes tens of milliseconds.
 */
int k3s_password_check(int datafd, const char *node, const char *password);

#endif
