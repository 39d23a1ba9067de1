#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user.h"

static int
same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

int
user_set(struct user *u, const char *name, const char *uid)
{
	char *n = strdup(name), *i = NULL;

	if (n == NULL || (uid != NULL && (i = strdup(uid)) == NULL)) {
		free(n);
		return -1;
	}
	free(u->name);
	free(u->uid);
	u->name = n;
	u->uid = i;
	return 0;
}

int
user_add_group(struct user *u, const char *group)
{
	char **groups;

	if (u->ngroups == USER_GROUPS_MAX) {
		errno = E2BIG;
		return -1;
	}
	groups = reallocarray(u->groups, u->ngroups + 1, sizeof(*groups));
	if (groups == NULL)
		return -1;
	u->groups = groups;
	if ((groups[u->ngroups] = strdup(group)) == NULL)
		return -1;
	u->ngroups++;
	return 0;
}

int
user_add_extra(struct user *u, const char *key, const char *value)
{
	struct user_extra *extra, e;

	if (u->nextra == USER_EXTRA_MAX) {
		errno = E2BIG;
		return -1;
	}
	extra = reallocarray(u->extra, u->nextra + 1, sizeof(*extra));
	if (extra == NULL)
		return -1;
	u->extra = extra;
	e.key = strdup(key);
	e.value = strdup(value);
	if (e.key == NULL || e.value == NULL) {
		free(e.key);
		free(e.value);
		return -1;
	}
	extra[u->nextra++] = e;
	return 0;
}

int
user_copy(struct user *to, const struct user *from)
{
	struct user u = { 0 };
	size_t i;
	int bad;

	bad = user_set(&u, from->name, from->uid);
	for (i = 0; i < from->ngroups && bad == 0; i++)
		bad = user_add_group(&u, from->groups[i]);
	for (i = 0; i < from->nextra && bad == 0; i++)
		bad = user_add_extra(&u, from->extra[i].key,
		    from->extra[i].value);
	if (bad != 0) {
		user_free(&u);
		return -1;
	}
	user_free(to);
	*to = u;
	return 0;
}

void
user_free(struct user *u)
{
	size_t i;

	for (i = 0; i < u->ngroups; i++)
		free(u->groups[i]);
	for (i = 0; i < u->nextra; i++) {
		free(u->extra[i].key);
		free(u->extra[i].value);
	}
	free(u->groups);
	free(u->extra);
	free(u->name);
	free(u->uid);
	memset(u, 0, sizeof(*u));
}

int
user_in_group(const struct user *u, const char *group)
{
	size_t i;

	for (i = 0; i < u->ngroups; i++)
		if (strcmp(u->groups[i], group) == 0)
			return 1;
	return 0;
}

int
user_equal(const struct user *a, const struct user *b)
{
	size_t i;

	if (!same(a->name, b->name) || !same(a->uid, b->uid) ||
	    a->ngroups != b->ngroups || a->nextra != b->nextra)
		return 0;
	for (i = 0; i < a->ngroups; i++)
		if (strcmp(a->groups[i], b->groups[i]) != 0)
			return 0;
	for (i = 0; i < a->nextra; i++)
		if (strcmp(a->extra[i].key, b->extra[i].key) != 0 ||
		    strcmp(a->extra[i].value, b->extra[i].value) != 0)
			return 0;
	return 1;
}

int
user_same(const struct user *a, const struct user *b)
{
	size_t i;

	if (!same(a->name, b->name) || !same(a->uid, b->uid))
		return 0;
	for (i = 0; i < a->ngroups; i++)
		if (!user_in_group(b, a->groups[i]))
			return 0;
	for (i = 0; i < b->ngroups; i++)
		if (!user_in_group(a, b->groups[i]))
			return 0;
	return 1;
}

int
user_anonymous(struct user *u)
{
	user_free(u);
	if (user_set(u, "system:anonymous", NULL) == 0 &&
	    user_add_group(u, "system:unauthenticated") == 0)
		return 0;
	user_free(u);
	return -1;
}

/* --- as JSON --- */

static int
put_extra(json_t *o, const struct user_extra *e)
{
	json_t *values = json_object_get(o, e->key);

	if (values == NULL) {
		values = json_array();
		if (json_object_set_new(o, e->key, values) == -1)
			return -1;
	}
	return json_array_append_new(values, json_string(e->value));
}

json_t *
user_json(const struct user *u)
{
	json_t *o = json_object(), *groups = json_array();
	json_t *extra = json_object();
	int bad = 0;
	size_t i;

	bad |= json_object_set_new(o, "username", json_string(u->name));
	if (u->uid != NULL)
		bad |= json_object_set_new(o, "uid", json_string(u->uid));
	for (i = 0; i < u->ngroups; i++)
		bad |= json_array_append_new(groups, json_string(u->groups[i]));
	for (i = 0; i < u->nextra; i++)
		bad |= put_extra(extra, &u->extra[i]);
	if (u->ngroups > 0)
		bad |= json_object_set(o, "groups", groups);
	if (u->nextra > 0)
		bad |= json_object_set(o, "extra", extra);
	json_decref(groups);
	json_decref(extra);
	if (bad == 0)
		return o;
	json_decref(o);
	errno = ENOMEM;
	return NULL;
}

static int
load_extra(struct user *u, json_t *extra)
{
	const char *key;
	json_t *values, *v;
	size_t i;

	json_object_foreach(extra, key, values)
		json_array_foreach(values, i, v) {
			if (!json_is_string(v)) {
				errno = EBADMSG;
				return -1;
			}
			if (user_add_extra(u, key, json_string_value(v)) == -1)
				return -1;
		}
	return 0;
}

int
user_load(struct user *u, const json_t *info)
{
	const char *name, *uid;
	struct user got = { 0 };
	json_t *v;
	size_t i;

	name = json_string_value(json_object_get(info, "username"));
	uid = json_string_value(json_object_get(info, "uid"));
	errno = EBADMSG;
	if (name == NULL || *name == '\0')
		return -1;
	if (user_set(&got, name, uid) == -1)
		goto fail;
	json_array_foreach(json_object_get(info, "groups"), i, v) {
		errno = EBADMSG;
		if (!json_is_string(v) ||
		    user_add_group(&got, json_string_value(v)) == -1)
			goto fail;
	}
	if (load_extra(&got, json_object_get(info, "extra")) == -1)
		goto fail;
	user_free(u);
	*u = got;
	return 0;
fail:
	user_free(&got);
	return -1;
}
