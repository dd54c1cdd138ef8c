"""The audit: who has done what to which guild, and to accounts and tokens."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.paginator import InfinitePaginator

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.scoped import ROWS_IN_FILTER, ScopedAdmin
from deployments.admin.site import site
from deployments.display import stamp, who
from deployments.models import AuditEvent
from deployments.models.revision import ActorType


class AuditedGuildFilter(admin.SimpleListFilter):
    """By the copied id: a deleted guild's history can still be asked for by address."""

    title = "guild"
    parameter_name = "guild_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        guilds = guilds_for(Actor.of(request))[:ROWS_IN_FILTER]
        return [(str(guild.pk), str(guild)) for guild in guilds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(guild_id=int(value)) if value.isdecimal() else queryset.none()


@admin.register(AuditEvent, site=site)
class AuditEventAdmin(ScopedAdmin):
    list_display = ("time", "what", "guild", "actor", "details_text")
    list_display_links = ("time",)
    list_filter = (AuditedGuildFilter, "actor_type")
    search_fields = ("action", "guild_name", "actor_username")
    search_help_text = "What was done, who did it, or the name of the guild"
    ordering = ("-pk",)
    sortable_by = ()
    # Millions of rows: nobody waits for their number.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("time", "what", "guild", "actor", "details_text")
    empty_text = "Nothing has happened yet. Every deployment, roll-back and grant is listed here."

    def rows_for(self, actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Owners: what concerns their guilds, and what they did to their own account and tokens."""
        if actor.is_operator:
            return rows
        own = Q(guild_id=None, actor_type=ActorType.SESSION, actor_user_id=actor.user_id)
        return rows.filter(own | Q(guild_id__in=guilds_for(actor).values("pk")))

    @column("Time (UTC)")
    def time(self, event: AuditEvent) -> str:
        return stamp(event.at)

    @column("What")
    def what(self, event: AuditEvent) -> str:
        return event.action.replace("_", " ")

    @column("Guild")
    def guild(self, event: AuditEvent) -> str:
        return event.guild_name or (str(event.guild_id) if event.guild_id else "—")

    @column("By")
    def actor(self, event: AuditEvent) -> str:
        return who(event)

    @column("Details")
    def details_text(self, event: AuditEvent) -> str:
        lines = format_html_join(
            "\n",
            "<b>{}</b> {}",
            (
                (name, _shown(value))
                for name, value in event.details.items()
                if value not in (None, [])
            ),
        )
        return format_html('<div class="flora-text">{}</div>', lines)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
