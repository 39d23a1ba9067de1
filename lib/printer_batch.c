/*
 * Jobs and CronJobs.
 */
#include "human.h"
#include "printer.h"

static void
job_status(struct row *r, const struct printer_column *c)
{
	static const char *const types[] = { "Suspended", "FailureTarget",
		"SuccessCriteriaMet" };
	struct span conditions = row_at(r, "status.conditions");
	const char *status = "Running";
	int i;

	(void)c;
	if (row_condition_true(conditions, "Complete"))
		status = "Complete";
	else if (row_condition_true(conditions, "Failed"))
		status = "Failed";
	else if (row_at(r, "metadata.deletionTimestamp").p != NULL)
		status = "Terminating";
	else
		for (i = 2; i >= 0; i--)
			if (row_condition_true(conditions, types[i]))
				status = types[i];
	row_puts(r, status);
}

static void
job_completions(struct row *r, const struct printer_column *c)
{
	long long done = span_int(row_at(r, "status.succeeded"), 0);
	long long side_by_side = span_int(row_at(r, "spec.parallelism"), 0);
	struct span wanted = row_at(r, "spec.completions");

	(void)c;
	if (wanted.p != NULL)
		row_printf(r, "%lld/%lld", done, span_int(wanted, 0));
	else if (side_by_side > 1)
		row_printf(r, "%lld/1 of %lld", done, side_by_side);
	else
		row_printf(r, "%lld/1", done);
}

static void
job_duration(struct row *r, const struct printer_column *c)
{
	char text[HUMAN_LEN];
	long long from, to;

	(void)c;
	if (human_time(row_at(r, "status.startTime"), &from) != 0)
		return;
	if (human_time(row_at(r, "status.completionTime"), &to) != 0)
		to = r->now;
	human_duration(to - from, text);
	row_puts(r, text);
}

static void
cronjob_suspend(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, "spec.suspend");

	(void)c;
	row_puts(r,
	    value.p == NULL	   ? "<unset>"
		: span_true(value) ? "True"
				   : "False");
}

static const struct printer_column jobs[] = { COLUMN_NAME,
	{ "Status", "string", "", "Status of the job.", 0, job_status, 1, "",
	    "" },
	{ "Completions", "string", "",
	    "The number of pods which reached phase Succeeded. The value "
	    "increases monotonically for a given spec. However, it may "
	    "decrease in reaction to scale down of elastic indexed jobs.",
	    0, job_completions, 1, "", "" },
	{ "Duration", "string", "", "Time required to complete the job.", 0,
	    job_duration, 1, "", "" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "A label query over pods that should match the pod count. "
	    "Normally, the system sets this field for you. More info: "
	    "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
	    "labels/#label-selectors",
	    1, cell_selector, 1, "spec.selector", "<none>" },
	{ 0 } };

static const struct printer_column cronjobs[] = { COLUMN_NAME,
	{ "Schedule", "string", "",
	    "The schedule in Cron format, see "
	    "https://en.wikipedia.org/wiki/Cron.",
	    0, cell_string, 1, "spec.schedule", "" },
	{ "Timezone", "string", "",
	    "The time zone name for the given schedule, see "
	    "https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If "
	    "not specified, this will default to the time zone of the "
	    "kube-controller-manager process. The set of valid time zone names "
	    "and the time zone offset is loaded from the system-wide time zone "
	    "database by the API server during CronJob validation and the "
	    "controller manager during execution. If no system-wide time zone "
	    "database can be found a bundled version of the database is used "
	    "instead. If the time zone name becomes invalid during the "
	    "lifetime of a CronJob or due to a change in host configuration, "
	    "the controller will stop creating new new Jobs and will create a "
	    "system event with the reason UnknownTimeZone. More information "
	    "can be found in "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "cron-jobs/#time-zones",
	    0, cell_string, 1, "spec.timeZone", "<none>" },
	{ "Suspend", "boolean", "",
	    "This flag tells the controller to suspend subsequent executions, "
	    "it does not apply to already started executions.  Defaults to "
	    "false.",
	    0, cronjob_suspend, 1, "", "" },
	{ "Active", "integer", "",
	    "A list of pointers to currently running jobs.", 0, cell_count, 0,
	    "status.active", "" },
	{ "Last Schedule", "string", "",
	    "Information when was the last time the job was successfully "
	    "scheduled.",
	    0, cell_age, 1, "status.lastScheduleTime", "<none>" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.jobTemplate.spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.jobTemplate.spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "A label query over pods that should match the pod count. "
	    "Normally, the system sets this field for you. More info: "
	    "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
	    "labels/#label-selectors",
	    1, cell_selector, 1, "spec.jobTemplate.spec.selector", "<none>" },
	{ 0 } };

const struct printer printers_batch[] = { { "batch", "jobs", jobs },
	{ "batch", "cronjobs", cronjobs }, { 0 } };
