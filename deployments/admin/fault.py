"""Faults: why guilds' scripts were stopped, in plain words, and what followed."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import FAULT_KINDS, FOLLOW_UP_COLOURS, FOLLOW_UPS, moment, shortened
from deployments.models import Fault

CHARACTERS_SHOWN = 200
COLOURS = {words: FOLLOW_UP_COLOURS[value] for value, words in FOLLOW_UPS.items()}


@admin.register(Fault, site=site)
class FaultAdmin(GuildScopedAdmin):
    list_display = ("time", "guild", "what", "handled", "result", "message_shown")
    list_display_links = ("time",)
    list_filter = (("guild", OwnGuildsFilter), "kind", "follow_up")
    list_select_related = ("guild",)
    search_fields = ("message", "event")
    search_help_text = "Words of the reason, or an event's name"
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        *("time", "guild", "what", "explanation", "whole_message", "handled", "place"),
        *("cpu", "peak", "its_revision", "counts", "result", "until_when"),
    )
    empty_text = "No script was stopped. When one breaks a limit, the reason appears here."

    @column("When")
    def time(self, fault: Fault) -> str:
        return moment(fault.at)

    @column("What")
    def what(self, fault: Fault) -> str:
        return FAULT_KINDS[fault.kind].title

    @column("What helps")
    def explanation(self, fault: Fault) -> str:
        return FAULT_KINDS[fault.kind].advice

    @column("Reason")
    def message_shown(self, fault: Fault) -> str:
        text = shortened(fault.message, CHARACTERS_SHOWN)
        return format_html('<span class="flora-text">{}</span>', text)

    @column("Reason")
    def whole_message(self, fault: Fault) -> str:
        return format_html('<pre class="flora-text">{}</pre>', fault.message)

    @column("While it handled")
    def handled(self, fault: Fault) -> str:
        return fault.event or "nothing that is known"

    @column("In the source")
    def place(self, fault: Fault) -> str:
        return f"{fault.file}:{fault.line}" if fault.file else "not known"

    @column("CPU time of the turn")
    def cpu(self, fault: Fault) -> str:
        return "not known" if fault.cpu_ms is None else f"{fault.cpu_ms} ms"

    @column("Worker's memory")
    def peak(self, fault: Fault) -> str:
        return "not known" if fault.peak_bytes is None else filesizeformat(fault.peak_bytes)

    @column("Revision")
    def its_revision(self, fault: Fault) -> str:
        if fault.revision_id is None:
            return "not kept any more"
        address = reverse("admin:deployments_revision_change", args=(fault.revision_id,))
        shown = str(fault.revision_id)[:8]
        return format_html('<a class="flora-link" href="{}">{}</a>', address, shown)

    @column("Counts as a strike", boolean=True)
    def counts(self, fault: Fault) -> bool:
        return fault.strike

    @column("What followed", label=COLOURS)
    def result(self, fault: Fault) -> str:
        return FOLLOW_UPS[fault.follow_up]

    @column("Suspended until")
    def until_when(self, fault: Fault) -> str:
        return moment(fault.until) if fault.until else "—"
