"""Guilds: the list that everything starts from, and the way to a guild's pages."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html

from deployments.admin import guild_choices, guild_home, owners
from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin
from deployments.admin.script_editor import script_page
from deployments.admin.site import site
from deployments.display import STATE_COLOURS, STATUS_COLOURS, moment, who
from deployments.models import Guild, Revision
from deployments.models.guild import GuildQuerySet, GuildState


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in GuildState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(queryset, GuildQuerySet)
        value = self.value()
        return queryset.in_state(GuildState(value)) if value in GuildState.values else queryset


@admin.register(Guild, site=site)
class GuildAdmin(GuildScopedAdmin):
    guild_lookup = "pk"
    list_display = ("guild", "id", "state", "runs", "last_deployment")
    list_filter = (StateFilter,)
    search_fields = ("name", "id")
    search_help_text = "Name or id of the guild"
    ordering = ("name",)
    empty_text = (
        "No guild yet. Invite the bot to a Discord server: the server appears here as soon as "
        "flora sees it."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        guilds = super().get_queryset(request)
        assert isinstance(guilds, GuildQuerySet)
        latest = Revision.objects.filter(guild=OuterRef("pk")).newest_first()
        return (
            guilds.with_active_revision()
            .select_related("notice_webhook")
            .annotate(
                last_status=Subquery(latest.values("status")[:1]),
                last_at=Subquery(latest.values("deployed_at")[:1]),
            )
        )

    @column("Guild", ordering="name")
    def guild(self, guild: Guild) -> str:
        return str(guild)

    @column("State", label=STATE_COLOURS)
    def state(self, guild: Guild) -> str:
        return guild.state.value

    @column("Active revision", ordering="active_revision__deployed_at")
    def runs(self, guild: Guild) -> str:
        revision = guild.active_revision
        if revision is None:
            return "—"
        return format_html("<span>{} by {}</span>", moment(revision.deployed_at), who(revision))

    @column("Last deployment", label=STATUS_COLOURS)
    def last_deployment(self, guild: Any) -> str | None:
        return guild.last_status  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "script": script_page,
            "pause": guild_home.pause,
            "resume": guild_home.resume,
            "undeploy": guild_home.undeploy,
            "mentions": guild_home.mentions,
            "lift": guild_home.lift,
            "notices": guild_choices.notices,
            "limits": guild_choices.limits,
            "capabilities": guild_choices.capabilities,
            "owners": owners.owners,
        }
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.page_of_row(view),
                name=f"deployments_guild_{name}",
            )
            for name, view in pages.items()
        ]
        revoke = path(
            "<path:object_id>/owners/<int:user_id>/revoke/",
            self.page_of_row(owners.revoke),
            name="deployments_guild_revoke",
        )
        return [revoke, *own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        return guild_home.home(request, self.admin_site, self.get_object(request, object_id))
