#ifndef USER_H
#define USER_H

#include <jansson.h>
#include <stddef.h>

/*
 * Who asks, as kube-apiserver's user.Info: whatever the credential was. Zeroed
 * memory is nobody.
 */
#define USER_GROUPS_MAX 1024
#define USER_EXTRA_MAX 64

struct user_extra {
	char *key, *value; /* a key may come several times */
};

struct user {
	char *name, *uid; /* uid: NULL if there is none */
	char **groups;
	struct user_extra *extra;
	size_t ngroups, nextra;
};

/* Copies of what is given. 0; -1 with errno: ENOMEM, E2BIG. */
int user_set(struct user *u, const char *name, const char *uid);
int user_add_group(struct user *u, const char *group);
int user_add_extra(struct user *u, const char *key, const char *value);
int user_copy(struct user *to, const struct user *from);
void user_free(struct user *u);

int user_in_group(const struct user *u, const char *group);
/* 1 if name, uid, groups and extra are the same, in the same order. */
int user_equal(const struct user *a, const struct user *b);
/* 1 if name, uid and groups are, the groups in any order: extra may differ. */
int user_same(const struct user *a, const struct user *b);

/* system:anonymous in system:unauthenticated. 0, or -1 with errno. */
int user_anonymous(struct user *u);

/*
 * As authentication.k8s.io/v1 UserInfo has it, {username, uid, groups, extra}:
 * a new reference, NULL with errno. From it: 0, or -1 with errno (EBADMSG).
 */
json_t *user_json(const struct user *u);
int user_load(struct user *u, const json_t *info);

#endif
