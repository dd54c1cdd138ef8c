"""Logs: what the scripts of guilds have printed, and what has happened to them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.paginator import InfinitePaginator

from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import LEVEL_COLOURS, shortened, stamp
from deployments.models import LogEntry

# Of a message in the list; its own page has the rest.
CHARACTERS_SHOWN = 500


class LevelFilter(admin.SimpleListFilter):
    title = "level"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level, level) for level in LEVEL_COLOURS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(level=self.value()) if self.value() else queryset


class TargetFilter(admin.SimpleListFilter):
    title = "origin"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("flora:js", "the script"), ("flora:runtime", "flora")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(target=self.value()) if self.value() else queryset


@admin.register(LogEntry, site=site)
class LogEntryAdmin(GuildScopedAdmin):
    list_display = ("time", "guild", "severity", "target", "text")
    list_display_links = ("time",)
    list_filter = (("guild", OwnGuildsFilter), LevelFilter, TargetFilter)
    list_select_related = ("guild",)
    search_fields = ("message",)
    search_help_text = "Words of the message"
    ordering = ("-pk",)
    sortable_by = ()
    # Millions of rows: nobody waits for their number.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("time", "guild", "severity", "target", "full_text")
    empty_text = (
        "Nothing has been logged yet. What a script prints with console.log, and what flora has "
        "to say about it, appears here."
    )

    @column("Time (UTC)")
    def time(self, entry: LogEntry) -> str:
        return stamp(entry.at)

    @column("Level", label=LEVEL_COLOURS)
    def severity(self, entry: LogEntry) -> str:
        return entry.level

    @column("Message")
    def text(self, entry: LogEntry) -> str:
        return format_html(
            '<span class="flora-text">{}</span>', shortened(entry.message, CHARACTERS_SHOWN)
        )

    @column("Message")
    def full_text(self, entry: LogEntry) -> str:
        return format_html('<pre class="flora-text">{}</pre>', entry.message)
