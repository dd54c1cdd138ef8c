"""Revisions: the history of deployments, and the way to each one's page."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from deployments.admin import revision_page
from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import ORIGINS, STATUS_COLOURS, change_words, moment, who
from deployments.models import Revision
from deployments.models.revision import RevisionQuerySet


@admin.register(Revision, site=site)
class RevisionAdmin(GuildScopedAdmin):
    list_display = (
        "deployed",
        "guild",
        "state",
        "active",
        "changes",
        "came_from",
        "actor",
        "short_id",
    )
    list_display_links = ("deployed", "short_id")
    list_filter = (("guild", OwnGuildsFilter), "status", "origin")
    list_select_related = ("guild",)
    search_fields = ("actor_username", "entry", "build_id", "guild__name")
    search_help_text = "Revision, person, entry, build or guild"
    ordering = ("-deployed_at", "-pk")
    sortable_by = ()
    empty_text = "Nothing has been deployed yet. Open a guild, write its script and deploy it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        revisions = super().get_queryset(request).select_related("guild")
        assert isinstance(revisions, RevisionQuerySet)
        return revisions.without_contents()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            found: tuple[QuerySet[Any], bool]
            found = super().get_search_results(request, queryset, search_term)
            return found

    @column("Deployed")
    def deployed(self, revision: Revision) -> str:
        return moment(revision.deployed_at)

    @column("Status", label=STATUS_COLOURS)
    def state(self, revision: Revision) -> str:
        return revision.status

    @column("Active")
    def active(self, revision: Revision) -> str:
        return "active" if revision.guild.active_revision_id == revision.pk else ""

    @column("Changes")
    def changes(self, revision: Revision) -> str:
        return change_words(revision)

    @column("From")
    def came_from(self, revision: Revision) -> str:
        return ORIGINS[revision.origin]

    @column("By")
    def actor(self, revision: Revision) -> str:
        return who(revision)

    @column("Id")
    def short_id(self, revision: Revision) -> str:
        return str(revision.pk)[:8]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<path:object_id>/progress/",
                self.page_of_row(revision_page.progress),
                name="deployments_revision_progress",
            ),
            path(
                "<path:object_id>/roll-back/",
                self.page_of_row(revision_page.roll_back_page),
                name="deployments_revision_roll_back",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        revision = self.get_object(request, object_id)
        return revision_page.revision_page(request, self.admin_site, revision)
