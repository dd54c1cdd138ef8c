"""Tasks: what the scripts of guilds want to be called for once, and until when it waits."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.pages import confirm_page
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import moment, shortened
from deployments.models import Task
from deployments.services.schedule import cancel_task

# Of the data in the list; a task's own page has the rest.
CHARACTERS_SHOWN = 120


@admin.register(Task, site=site)
class TaskAdmin(GuildScopedAdmin):
    list_display = ("key", "guild", "due", "beginning", "cancel_link")
    list_filter = (("guild", OwnGuildsFilter),)
    list_select_related = ("guild",)
    search_fields = ("key", "guild__name")
    search_help_text = "Key of the task, or name of the guild"
    ordering = ("due_at", "pk")
    sortable_by = ("key", "guild", "due")
    fields = ("whole_key", "guild", "due", "set_at", "whole", "cancel_link")
    empty_text = "No task is pending. One appears here when a script calls tasks.schedule(…)."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        head = Substr("data", 1, CHARACTERS_SHOWN + 1)
        tasks: QuerySet[Any] = super().get_queryset(request).defer("data").annotate(head=head)
        return tasks

    @column("Key")
    def whole_key(self, task: Task) -> str:
        return format_html('<span class="flora-text">{}</span>', task.key)

    @column("Due", ordering="due_at")
    def due(self, task: Task) -> str:
        return moment(task.due_at)

    @column("Set")
    def set_at(self, task: Task) -> str:
        return moment(task.created_at)

    @column("Data")
    def beginning(self, task: Any) -> str:
        text = shortened(task.head, CHARACTERS_SHOWN)
        return format_html('<span class="flora-text">{}</span>', text)

    @column("Data")
    def whole(self, task: Task) -> str:
        return format_html('<pre class="flora-text">{}</pre>', task.data)

    @column("")
    def cancel_link(self, task: Task) -> str:
        address = reverse("admin:deployments_task_cancel", args=(task.pk,))
        return format_html('<a class="flora-link" href="{}">Take back</a>', address)

    def get_urls(self) -> list[URLPattern]:
        take_back = path(
            "<path:object_id>/cancel/", self.page_of_row(cancel), name="deployments_task_cancel"
        )
        return [take_back, *super().get_urls()]


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, site: AdminSite, task: Task) -> HttpResponse:
    back = reverse("admin:deployments_task_changelist")
    if request.method != "POST":
        return confirm_page(
            request,
            site,
            title=f"Take the task {task.key} back?",
            question=(
                f"The script of {task.guild} will not be called for it, and its data is deleted. "
                "The script may set it again."
            ),
            submit="Take it back",
            cancel=back,
            of=task,
            danger=True,
        )
    if cancel_task(task=task, actor=Actor.of(request)):
        messages.success(request, f"The task {task.key} is taken back.")
    else:
        messages.info(request, f"The task {task.key} has started already, or was replaced.")
    return redirect(back)
