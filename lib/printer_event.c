/*
 * Events, of the core group and of events.k8s.io: the same in other words.
 */
#include <string.h>

#include "human.h"
#include "printer.h"

/* The value at the first path that has one. */
static struct span
first_of(const struct row *r, const char *a, const char *b)
{
	struct span value = row_at(r, a);

	return span_inner(value).n > 0 ? value : row_at(r, b);
}

static void
put_first_seen(struct row *r)
{
	struct span at =
	    first_of(r, "firstTimestamp", "deprecatedFirstTimestamp");
	long long us;

	row_since(r, human_time(at, &us) == 0 ? at : row_at(r, "eventTime"));
}

static void
event_first_seen(struct row *r, const struct printer_column *c)
{
	(void)c;
	put_first_seen(r);
}

static void
event_last_seen(struct row *r, const struct printer_column *c)
{
	struct span at =
	    first_of(r, "lastTimestamp", "deprecatedLastTimestamp");
	long long us;

	(void)c;
	if (row_at(r, "series").p != NULL)
		row_since(r, row_at(r, "series.lastObservedTime"));
	else if (human_time(at, &us) == 0)
		row_since(r, at);
	else
		put_first_seen(r);
}

static void
event_object(struct row *r, const struct printer_column *c)
{
	struct span o = row_at(r, "involvedObject"), name;

	(void)c;
	if (o.p == NULL)
		o = row_at(r, "regarding");
	name = span_at(o, "name");
	row_lower(r, span_at(o, "kind"));
	if (span_inner(name).n == 0)
		return;
	row_puts(r, "/");
	row_string(r, name);
}

static void
event_subobject(struct row *r, const struct printer_column *c)
{
	(void)c;
	row_string(r,
	    first_of(r, "involvedObject.fieldPath", "regarding.fieldPath"));
}

static void
event_source(struct row *r, const struct printer_column *c)
{
	struct span source = row_at(r, "source"), component, host;

	(void)c;
	if (source.p == NULL)
		source = row_at(r, "deprecatedSource");
	component = span_at(source, "component");
	host = span_at(source, "host");
	if (span_inner(component).n == 0)
		component =
		    first_of(r, "reportingComponent", "reportingController");
	if (span_inner(host).n == 0)
		host = row_at(r, "reportingInstance");
	row_string(r, component);
	if (span_inner(host).n == 0)
		return;
	row_puts(r, ", ");
	row_string(r, host);
}

/* How many bytes of blank text begins with, escaped. */
static size_t
blank(struct span text)
{
	if (text.n > 0 && *text.p == ' ')
		return 1;
	return text.n > 1 && *text.p == '\\' &&
		strchr("nrtf", text.p[1]) != NULL
	    ? 2
	    : 0;
}

/* Without the blanks around it; an escape is never cut in two. */
static struct span
trim(struct span text)
{
	const char *p, *end;
	size_t n;

	if (text.n == 0)
		return text;
	for (; (n = blank(text)) > 0; text.n -= n)
		text.p += n;
	end = text.p + text.n;
	for (p = text.p, text.n = 0; p < end; p += n) {
		struct span rest = { p, (size_t)(end - p) };

		if ((n = blank(rest)) > 0)
			continue;
		n = *p == '\\' && end - p > 1 ? 2 : 1;
		text.n = (size_t)(p + n - text.p);
	}
	return text;
}

static void
event_message(struct row *r, const struct printer_column *c)
{
	struct span text = trim(span_inner(first_of(r, "message", "note")));

	(void)c;
	row_raw(r, text.p, text.n);
}

static void
event_count(struct row *r, const struct printer_column *c)
{
	long long n;

	(void)c;
	if (row_at(r, "series").p != NULL)
		n = span_int(row_at(r, "series.count"), 0);
	else {
		n = span_int(first_of(r, "count", "deprecatedCount"), 0);
		n = n == 0 ? 1 : n;
	}
	row_printf(r, "%lld", n);
}

static const struct printer_column events[] = {
	{ "Last Seen", "string", "",
	    "The time at which the most recent occurrence of this event was "
	    "recorded.",
	    0, event_last_seen, 1, "", "" },
	{ "Type", "string", "",
	    "Type of this event (Normal, Warning), new types could be added in "
	    "the future",
	    0, cell_string, 1, "type", "" },
	{ "Reason", "string", "",
	    "This should be a short, machine understandable string that gives "
	    "the reason for the transition into the object's current status.",
	    0, cell_string, 1, "reason", "" },
	{ "Object", "string", "", "The object that this event is about.", 0,
	    event_object, 1, "", "" },
	{ "Subobject", "string", "",
	    "If referring to a piece of an object instead of an entire object, "
	    "this string should contain a valid JSON/Go field access "
	    "statement, such as desiredState.manifest.containers[2]. For "
	    "example, if the object reference is to a container within a pod, "
	    "this would take on a value like: \"spec.containers{name}\" (where "
	    "\"name\" refers to the name of the container that triggered the "
	    "event) or if no container name is specified "
	    "\"spec.containers[2]\" (container with index 2 in this pod). This "
	    "syntax is chosen only to have some well-defined way of "
	    "referencing a part of an object.",
	    1, event_subobject, 1, "", "" },
	{ "Source", "string", "",
	    "The component reporting this event. Should be a short machine "
	    "understandable string.",
	    1, event_source, 1, "", "" },
	{ "Message", "string", "",
	    "A human-readable description of the status of this operation.", 0,
	    event_message, 1, "", "" },
	{ "First Seen", "string", "",
	    "The time at which the event was first recorded. (Time of server "
	    "receipt is in TypeMeta.)",
	    1, event_first_seen, 1, "", "" },
	{ "Count", "string", "", "The number of times this event has occurred.",
	    1, event_count, 0, "", "" },
	{ "Name", "string", "name", DOC_NAME, 1, cell_string, 1,
	    "metadata.name", "" },
	{ 0 }
};

const struct printer printers_event[] = { { "", "events", events },
	{ "events.k8s.io", "events", events }, { 0 } };
