"""Runs: how the cron jobs and tasks of guilds went, the newest of each."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import OUTCOME_COLOURS, TRIGGERS, duration, moment, shortened
from deployments.models import JobRun

CHARACTERS_SHOWN = 200


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("job", "cron jobs"), ("task", "tasks")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("job", "task"):
            return queryset
        return queryset.filter(job__isnull=self.value() == "task")


@admin.register(JobRun, site=site)
class JobRunAdmin(GuildScopedAdmin):
    list_display = ("time", "name", "kind", "guild", "result", "took", "why", "problem")
    list_display_links = ("time",)
    list_filter = (("guild", OwnGuildsFilter), KindFilter, "outcome")
    list_select_related = ("guild",)
    search_fields = ("name", "error")
    search_help_text = "Name of the job, key of the task, or words of the error"
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("time", "whole_name", "kind", "guild", "result", "took", "why", "whole_problem")
    empty_text = "Nothing has run yet. Each start of a cron job or a task appears here."

    @column("For")
    def time(self, run: JobRun) -> str:
        return moment(run.slot)

    @column("Name")
    def whole_name(self, run: JobRun) -> str:
        return format_html('<span class="flora-text">{}</span>', run.name)

    @column("Kind")
    def kind(self, run: JobRun) -> str:
        return "task" if run.job_id is None else "cron job"

    @column("Outcome", label=OUTCOME_COLOURS)
    def result(self, run: JobRun) -> str:
        return run.outcome

    @column("Took")
    def took(self, run: JobRun) -> str:
        return duration(run.duration_ms)

    @column("Started")
    def why(self, run: JobRun) -> str:
        return TRIGGERS[run.trigger] if run.started_at else "—"

    @column("Error")
    def problem(self, run: JobRun) -> str:
        text = shortened(run.error, CHARACTERS_SHOWN)
        return format_html('<span class="flora-text">{}</span>', text)

    @column("Error")
    def whole_problem(self, run: JobRun) -> str:
        return format_html('<pre class="flora-text">{}</pre>', run.error)
