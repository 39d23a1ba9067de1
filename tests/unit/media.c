#include <string.h>

#include "media.h"
#include "tap.h"

#define META ";v=v1;g=meta.k8s.io"

static void
accepts(const char *accept, int rc, enum media_shape shape, const char *version)
{
	struct media m;
	int got = media_negotiate(&m, accept);

	ok(got == rc && (rc == -1 || m.shape == shape), "%.90s",
	    accept == NULL ? "no Accept" : accept);
	if (rc == 0)
		is_str(media_version(&m), version, "its version");
}

static void
picks(const char *accept, int any_shape, int want)
{
	static const char *const types[] = { "application/yaml",
		"application/json;g=x;v=v2;as=L", "application/json",
		"application/com.github.proto-openapi.spec.v2.v1.0+protobuf" };

	is_int(media_pick(accept, types, 4, any_shape), want,
	    accept == NULL ? "none" : accept);
}

static void
test_pick(void)
{
	picks(NULL, 0, 2);
	picks("*/*", 0, 2);
	picks("application/*;q=0.1,application/yaml", 0, 0);
	picks("application/json;as=L;v=v2;g=x,application/json", 0, 1);
	picks("application/json;as=L;v=v3;g=x,application/json", 0, 2);
	picks("application/json;as=L;v=v3;g=x", 0, -1);
	picks("application/json;as=L;v=v3;g=x", 1, 1);
	picks("application/json;q=0.5,application/yaml", 0, 0);
	picks("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", 1,
	    3);
	picks("text/html", 1, -1);
	picks("text/html,*/*;q=0.1", 0, 2);
}

int
main(void)
{
	struct media m;

	accepts(NULL, 0, MEDIA_OBJECT, "v1");
	accepts("", 0, MEDIA_OBJECT, "v1");
	accepts("*/*", 0, MEDIA_OBJECT, "v1");
	accepts("*", 0, MEDIA_OBJECT, "v1");
	accepts("application/*", 0, MEDIA_OBJECT, "v1");
	accepts("application/json", 0, MEDIA_OBJECT, "v1");
	accepts("application/vnd.kubernetes.protobuf,application/json", 0,
	    MEDIA_OBJECT, "v1");
	accepts("application/json;as=Table" META
		",application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
		"application/json",
	    0, MEDIA_TABLE, "v1");
	accepts("application/json;as=Table;v=v1beta1;g=meta.k8s.io", 0,
	    MEDIA_TABLE, "v1beta1");
	accepts("application/json; as=PartialObjectMetadataList" META, 0,
	    MEDIA_PARTIAL_LIST, "v1");
	accepts("application/json;as=PartialObjectMetadata" META, 0,
	    MEDIA_PARTIAL, "v1");
	accepts("application/json;as=Table;v=v2;g=meta.k8s.io,application/json",
	    0, MEDIA_OBJECT, "v1");
	accepts("application/json;as=Other" META, -1, MEDIA_OBJECT, "");
	accepts("application/json;g=meta.k8s.io", -1, MEDIA_OBJECT, "");
	accepts("application/json;q=0.5,application/json;as=Table" META, 0,
	    MEDIA_TABLE, "v1");
	accepts("*/*,application/json;as=Table" META, 0, MEDIA_TABLE, "v1");
	accepts("application/json;stream=watch", 0, MEDIA_OBJECT, "v1");
	accepts("application/json;stream=other", -1, MEDIA_OBJECT, "");
	accepts("application/yaml", -1, MEDIA_OBJECT, "");
	accepts("text/html", -1, MEDIA_OBJECT, "");
	accepts("application/json/x", -1, MEDIA_OBJECT, "");
	accepts(",,;,=", -1, MEDIA_OBJECT, "");
	ok(media_negotiate(&m, "application/json;pretty=1") == 0 && m.pretty,
	    "pretty");
	test_pick();
	return done_testing();
}
