"""What comes out of the API: the JSON shapes, the original's where it had them.

Optional keys are absent, never null.
"""

from typing import Any

from rest_framework import serializers

from deployments.api.requests import CapabilityField, FileShape
from deployments.control import Service
from deployments.models import LogEntry
from deployments.models.fault import FaultKind, FollowUp
from deployments.models.guild import GuildState
from deployments.models.revision import ActorType, Origin, Status
from deployments.models.schedule import CatchUp, Outcome, Trigger


class Answer(serializers.Serializer[Any]):
    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {
            name: value
            for name, value in shown.items()
            if self.fields[name].required or value not in (None, "")
        }


class ErrorAnswer(Answer):
    message = serializers.CharField()


class ScriptErrorAnswer(Answer):
    """Where and why a script does not build or load."""

    message = serializers.CharField()
    file = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False)
    column = serializers.IntegerField(required=False)


class DeploymentErrorAnswer(ErrorAnswer):
    error = ScriptErrorAnswer(required=False)
    revision_id = serializers.UUIDField(required=False)


class SourceMapAnswer(serializers.Serializer[Any]):
    path = serializers.CharField(source="source_map_path")
    contents = serializers.CharField(source="source_map")

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) if instance.source_map is not None else None


class WithBundle(Answer):
    """Without include_bundle the megabytes are neither shown nor loaded."""

    files = FileShape(many=True, required=False)
    source_map = SourceMapAnswer(source="*", required=False)
    bundle = serializers.CharField(required=False)

    def __init__(self, *args: Any, include_bundle: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        if not include_bundle:
            for name in ("files", "source_map", "bundle"):
                self.fields.pop(name)


class DeploymentAnswer(WithBundle):
    """Of an active revision, with its guild's first deployment."""

    guild_id = serializers.CharField()
    created_at = serializers.DateTimeField(source="first_deployed_at")
    updated_at = serializers.DateTimeField(source="deployed_at")
    entry = serializers.CharField()


class ActorAnswer(Answer):
    user_id = serializers.CharField(source="actor_user_id", required=False)
    username = serializers.CharField(source="actor_username", required=False)
    actor_type = serializers.ChoiceField(choices=ActorType.choices)


class ChangeSummary(serializers.Serializer[Any]):
    added_files = serializers.ListField(child=serializers.CharField())
    removed_files = serializers.ListField(child=serializers.CharField())
    modified_files = serializers.ListField(child=serializers.CharField())


class RevisionAnswer(WithBundle):
    id = serializers.UUIDField()
    guild_id = serializers.CharField()
    entry = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    deployed_at = serializers.DateTimeField()
    deploy_source = serializers.ChoiceField(choices=Origin.choices, source="origin")
    actor = ActorAnswer(source="*")
    error_message = serializers.CharField(required=False)
    build_id = serializers.CharField(required=False)
    base_revision_id = serializers.UUIDField(required=False)
    change_summary = ChangeSummary(required=False)


class GuildAnswer(Answer):
    """permissions: Discord's bits of the caller there; an owner here has ADMINISTRATOR."""

    id = serializers.CharField()
    name = serializers.CharField()
    icon = serializers.CharField(allow_null=True)
    permissions = serializers.IntegerField()
    state = serializers.ChoiceField(choices=GuildState.choices)


class LimitsAnswer(serializers.Serializer[Any]):
    """By the names of the installation's settings, those of [fetch] as `fetch_…`."""

    own = serializers.DictField(child=serializers.FloatField())
    limits = serializers.DictField(child=serializers.FloatField())


class GuildSettingsAnswer(Answer):
    safe_mentions = serializers.BooleanField(
        help_text="false: messages ping whomever they mention, which is Discord's own default."
    )
    notice_channel = serializers.CharField(
        required=False, help_text="The channel that is told when the script is stopped."
    )
    notice_webhook = serializers.CharField(
        required=False, help_text="The webhook that is told instead, without its token."
    )
    notice_webhook_gone_at = serializers.DateTimeField(
        source="notice_webhook.gone_at",
        required=False,
        help_text="When Discord said that there is no such webhook any more.",
    )


class CapabilitiesAnswer(serializers.Serializer[Any]):
    """capabilities: what the guild's scripts may do; withheld: what they may not."""

    capabilities = serializers.ListField(child=CapabilityField())
    withheld = serializers.ListField(child=CapabilityField())


class GuildStateAnswer(Answer):
    guild_id = serializers.CharField(source="pk")
    state = serializers.ChoiceField(choices=GuildState.choices)


class LogEntryAnswer(Answer):
    """timestamp: unix milliseconds. target: `flora:js` for what the script printed."""

    timestamp = serializers.SerializerMethodField()
    level = serializers.CharField()
    target = serializers.CharField()
    guild_id = serializers.CharField()
    message = serializers.CharField()

    def get_timestamp(self, entry: LogEntry) -> int:
        return int(entry.at.timestamp() * 1000)


class FaultAnswer(Answer):
    """What stopped the script, and what followed. event: absent when none was handled, or it is
    not known; file, line: absent unless the error tells them. until: of a suspension; absent when
    it waits for the owner."""

    id = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=FaultKind.choices)
    message = serializers.CharField()
    revision_id = serializers.CharField(required=False)
    event = serializers.CharField(required=False)
    file = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False)
    cpu_ms = serializers.IntegerField(required=False)
    peak_bytes = serializers.IntegerField(required=False)
    strike = serializers.BooleanField()
    follow_up = serializers.ChoiceField(choices=FollowUp.choices)
    until = serializers.DateTimeField(required=False)


class JobRunAnswer(Answer):
    """slot: the time that the run was for. started_at: absent for a slot that was skipped."""

    slot = serializers.DateTimeField()
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    started_at = serializers.DateTimeField(required=False)
    duration_ms = serializers.IntegerField(required=False)
    error = serializers.CharField(required=False)


class CronJobAnswer(Answer):
    """next_at: absent while the guild's script does not run, and when no slot is ahead."""

    name = serializers.CharField()
    expression = serializers.CharField()
    skip_if_running = serializers.BooleanField()
    catch_up = serializers.ChoiceField(choices=CatchUp.choices)
    next_at = serializers.DateTimeField(required=False)
    last_run = JobRunAnswer(required=False)


class RunRequestedAnswer(Answer):
    name = serializers.CharField()
    requested_at = serializers.DateTimeField(source="run_requested_at")


class SecretAnswer(Answer):
    name = serializers.CharField()
    allowed_hosts = serializers.ListField(child=serializers.CharField())


class MigratedAnswer(Answer):
    """waited_ms: how long the events of the guild had to wait for it."""

    guild_id = serializers.CharField()
    from_worker = serializers.IntegerField()
    worker = serializers.IntegerField()
    waited_ms = serializers.FloatField()


class WorkerAnswer(Answer):
    worker = serializers.IntegerField()


class GuildLoadAnswer(Answer):
    """cpu_seconds: in the last minute; dropped: since the guild's script was brought up."""

    guild_id = serializers.CharField()
    cpu_seconds = serializers.FloatField()
    queued = serializers.IntegerField()
    started = serializers.IntegerField()
    dropped = serializers.IntegerField()


class WorkerStateAnswer(Answer):
    """pid: 0 while it is being replaced. cpu_share: of one CPU, in the last 30 s. guilds: those
    that use most, of guild_count."""

    worker = serializers.IntegerField(source="index")
    service = serializers.ChoiceField(choices=[(each.value, each.value) for each in Service])
    pid = serializers.IntegerField()
    restarts = serializers.IntegerField()
    started_at = serializers.FloatField(help_text="Unix seconds.")
    isolates = serializers.IntegerField()
    private_bytes = serializers.IntegerField()
    cpu_share = serializers.FloatField()
    guild_count = serializers.IntegerField()
    guilds = GuildLoadAnswer(many=True)


class DeletedAnswer(Answer):
    deleted = serializers.BooleanField()


class TokenAnswer(Answer):
    token_id = serializers.CharField(source="token_key")
    label = serializers.CharField()  # type: ignore[assignment]
    guilds = serializers.ListField(child=serializers.CharField(), source="guild_ids")
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry", allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewTokenAnswer(Answer):
    token = serializers.CharField()
    token_id = serializers.CharField()


class PersonAnswer(Answer):
    id = serializers.CharField()
    username = serializers.CharField()
    global_name = serializers.CharField(allow_null=True)
    avatar = serializers.CharField(allow_null=True)


class MeAnswer(Answer):
    user = PersonAnswer()


class ReadyAnswer(Answer):
    """missing: what is not up yet; only while starting."""

    status = serializers.ChoiceField(choices=["ready", "starting"])
    missing = serializers.ListField(child=serializers.CharField(), required=False)
