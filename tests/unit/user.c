#include <errno.h>
#include <stdlib.h>

#include "tap.h"
#include "user.h"

static void
round_trip(const char *text)
{
	json_t *o = json_loads(text, 0, NULL), *back;
	struct user u = { 0 }, copy = { 0 };

	ok(user_load(&u, o) == 0, "%s is taken", text);
	back = user_json(&u);
	ok(json_equal(o, back), "and comes back");
	ok(user_copy(&copy, &u) == 0 && user_equal(&copy, &u), "a copy");
	user_free(&copy);
	user_free(&u);
	json_decref(back);
	json_decref(o);
}

static void
refused(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);
	struct user u = { 0 };

	errno = 0;
	ok(user_load(&u, o) == -1 && errno == EBADMSG && u.name == NULL,
	    "%s is none", text);
	json_decref(o);
}

int
main(void)
{
	struct user u = { 0 }, v = { 0 };
	int i;

	round_trip("{\"username\":\"a\"}");
	round_trip("{\"username\":\"system:node:n\",\"uid\":\"1\",\"groups\":"
		   "[\"system:nodes\",\"system:authenticated\"],\"extra\":{"
		   "\"k\":[\"v\",\"w\"],\"l\":[\"x\"]}}");
	refused("{}");
	refused("{\"username\":\"\"}");
	refused("{\"username\":1}");
	refused("{\"username\":\"a\",\"groups\":[1]}");
	refused("{\"username\":\"a\",\"extra\":{\"k\":[1]}}");

	ok(user_anonymous(&u) == 0, "anonymous");
	is_str(u.name, "system:anonymous", "its name");
	ok(user_in_group(&u, "system:unauthenticated"), "its group");
	ok(!user_in_group(&u, "system:authenticated"), "and no other");
	ok(!user_equal(&u, &v), "nobody is not anonymous");
	ok(user_copy(&v, &u) == 0 && user_equal(&u, &v), "the same");
	ok(user_same(&u, &v), "and so in any order");
	ok(user_add_group(&v, "g") == 0 && !user_equal(&u, &v), "not now");
	ok(!user_same(&u, &v) && !user_same(&v, &u), "nor in any order");
	ok(user_add_group(&u, "h") == 0 && user_add_group(&u, "g") == 0 &&
		user_add_group(&v, "h") == 0 && !user_equal(&u, &v) &&
		user_same(&u, &v),
	    "the order of groups");
	ok(user_add_extra(&u, "k", "v") == 0 && user_same(&u, &v), "extra");
	for (i = (int)v.ngroups; i < USER_GROUPS_MAX; i++)
		if (user_add_group(&v, "g") == -1)
			break;
	ok(v.ngroups == USER_GROUPS_MAX, "many groups");
	ok(user_add_group(&v, "g") == -1 && errno == E2BIG, "not more");
	user_free(&u);
	user_free(&v);
	return done_testing();
}
