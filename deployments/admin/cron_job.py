"""Cron jobs: what the scripts of guilds have registered, when it comes next and how it went."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.pages import page
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import OUTCOME_COLOURS, moment
from deployments.models import CronJob
from deployments.models.guild import GuildState
from deployments.models.schedule import CronJobQuerySet
from deployments.services.readiness import runtime_answers
from deployments.services.schedule import NotRunnable, run_job


@admin.register(CronJob, site=site)
class CronJobAdmin(GuildScopedAdmin):
    list_display = ("name", "guild", "expression", "next_run", "last_run_at", "outcome")
    list_filter = (("guild", OwnGuildsFilter),)
    list_select_related = ("guild",)
    search_fields = ("name", "guild__name")
    search_help_text = "Name of the job or of the guild"
    ordering = ("guild__name", "name")
    sortable_by = ("name", "guild", "next_run")
    empty_text = "No script has registered a cron job yet. One appears here when cron(…) is called."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        jobs = super().get_queryset(request).select_related("guild")
        assert isinstance(jobs, CronJobQuerySet)
        return jobs.with_last_run()

    @column("Next run", ordering="next_at")
    def next_run(self, job: CronJob) -> str:
        return moment(job.next_at)

    @column("Last run")
    def last_run_at(self, job: CronJob) -> str:
        return moment(job.last_run.slot if job.last_run else None)

    @column("Outcome", label=OUTCOME_COLOURS)
    def outcome(self, job: CronJob) -> str | None:
        return job.last_run.outcome if job.last_run else None

    def get_urls(self) -> list[URLPattern]:
        run = path(
            "<path:object_id>/run/", self.page_of_row(run_now), name="deployments_cronjob_run"
        )
        return [run, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return job_page(request, self.admin_site, self.get_object(request, object_id))


def job_page(request: HttpRequest, site: AdminSite, job: CronJob) -> HttpResponse:
    context = {
        "title": f"Cron job {job.name}",
        "job": job,
        "guild": job.guild,
        "may_run": job.guild.state == GuildState.RUNNING,
        "runs": job.runs.newest_first(),
    }
    return page(request, site, "admin/deployments/cron_job.html", context, of=job)


@require_POST
def run_now(request: HttpRequest, site: AdminSite, job: CronJob) -> HttpResponse:
    try:
        run_job(job=job, actor=Actor.of(request))
    except NotRunnable as problem:
        messages.error(request, f"Not started: {problem}.")
    else:
        if runtime_answers():
            messages.success(request, "It is being started: the history below shows how it goes.")
        else:
            messages.warning(
                request, "Noted. The runtime does not answer at the moment: it follows."
            )
    return redirect("admin:deployments_cronjob_change", job.pk)
