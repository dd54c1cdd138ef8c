"""The admin's ways to show a time, a size or a state, for its templates."""

from django import template

from deployments import display
from deployments.models import Fault, Guild, JobRun, Revision

register = template.Library()

register.filter("moment", display.moment)
register.filter("came_from", lambda revision: display.ORIGINS[revision.origin])
register.filter("stamp", display.stamp)
register.filter("who", display.who)
register.filter("shortened", display.shortened)
register.filter("change_words", display.change_words)
register.filter("duration", display.duration)
register.filter("fault_title", lambda fault: display.FAULT_KINDS[fault.kind].title)
register.filter("trigger", lambda run: display.TRIGGERS[run.trigger])


@register.inclusion_tag("unfold/helpers/label.html")
def state_label(guild: Guild) -> dict[str, str]:
    return {"text": guild.state.value, "type": display.STATE_COLOURS[guild.state]}


@register.inclusion_tag("unfold/helpers/label.html")
def status_label(revision: Revision) -> dict[str, str]:
    return {"text": revision.status, "type": display.STATUS_COLOURS[revision.status]}


@register.inclusion_tag("unfold/helpers/label.html")
def sync_label(revision: Revision) -> dict[str, str]:
    return {"text": revision.command_sync, "type": display.SYNC_COLOURS[revision.command_sync]}


@register.inclusion_tag("unfold/helpers/label.html")
def outcome_label(run: JobRun) -> dict[str, str]:
    return {"text": run.outcome, "type": display.OUTCOME_COLOURS[run.outcome]}


@register.inclusion_tag("unfold/helpers/label.html")
def follow_up_label(fault: Fault) -> dict[str, str]:
    return {
        "text": display.FOLLOW_UPS[fault.follow_up],
        "type": display.FOLLOW_UP_COLOURS[fault.follow_up],
    }


@register.inclusion_tag("unfold/helpers/label.html")
def level_label(level: str) -> dict[str, str]:
    return {"text": level, "type": display.LEVEL_COLOURS.get(level, "")}
