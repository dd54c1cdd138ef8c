"""What comes into the API: the JSON shapes, the original's where it had them, and queries."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from deployments.capabilities import Capability
from deployments.models.fields import validate_snowflake
from deployments.source import Source, SourceFile
from deployments.webhook import MAX_ADDRESS

# What is read at all; how many a guild may deploy is its own limit.
MOST_FILES = 10_000


class Text(serializers.CharField):
    """Text as it came: no number is taken for one, no space trimmed, and it may be empty."""

    default_error_messages = {"surrogate": "A lone surrogate is no character."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            data.encode()
        except UnicodeEncodeError:
            self.fail("surrogate")
        return data


class WholeNumber(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Switch(serializers.BooleanField):
    """true or false, and no word for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class FileShape(serializers.Serializer[Any]):
    path = Text()
    contents = Text()


class DeploymentRequest(serializers.Serializer[Any]):
    """bundle wins when files come with it; the files are then kept as the history's sources."""

    entry = Text()
    files = FileShape(  # type: ignore[call-arg]  # the stubs do not know of max_length
        many=True,
        required=False,
        allow_null=True,
        max_length=MOST_FILES,
    )
    bundle = Text(required=False, allow_null=True)
    source_map = FileShape(required=False, allow_null=True)
    build_id = Text(required=False, allow_null=True, max_length=64)

    def as_source(self) -> Source:
        given = self.validated_data
        files, source_map = given.get("files"), given.get("source_map")
        return Source(
            entry=given["entry"],
            files=None if files is None else tuple(SourceFile(**file) for file in files),
            bundle=given.get("bundle"),
            source_map=SourceFile(**source_map) if source_map else None,
            build_id=given.get("build_id") or "",
        )


class BundleQuery(serializers.Serializer[Any]):
    include_bundle = serializers.BooleanField(default=False)


class HistoryQuery(BundleQuery):
    """The cursor is `deployed_at` and `id` of the last revision that the caller has."""

    limit = serializers.IntegerField(default=25, min_value=1, max_value=100)
    cursor_deployed_at = serializers.DateTimeField(required=False)
    cursor_id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("cursor_deployed_at" in attrs) != ("cursor_id" in attrs):
            raise serializers.ValidationError(
                "`cursor_deployed_at` and `cursor_id` belong together: give both or none"
            )
        return attrs


class JobRunQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(default=50, min_value=1, max_value=50)


class LogQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)


def read_query(request: Request, form_class: "type[serializers.Serializer[Any]]") -> dict[str, Any]:
    """The query's values by this form. Raises ValidationError."""
    form = form_class(data=request.query_params)
    form.is_valid(raise_exception=True)
    query: dict[str, Any] = form.validated_data
    return query


class GuildSettingsRequest(serializers.Serializer[Any]):
    """safe_mentions: messages ping the users that they mention, but no role and never everyone,
    unless the script says otherwise. notice_channel: the id of the channel that is told when the
    script is stopped; notice_webhook: the address of the webhook that is told instead; null: none.
    What is not named stays as it is."""

    safe_mentions = Switch(required=False)
    notice_channel = Text(
        required=False, allow_null=True, allow_blank=False, validators=[validate_snowflake]
    )
    notice_webhook = Text(required=False, allow_null=True, max_length=MAX_ADDRESS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(f"give at least one of {', '.join(self.fields)}")
        return attrs


class CapabilityField(serializers.ChoiceField):
    default_error_messages = {
        "invalid_choice": f"{{input}} is none: there are {', '.join(Capability.values)}."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Capability.choices, **options)


class CapabilitiesRequest(serializers.Serializer[Any]):
    """What the guild's scripts may do; what is not in it they may not."""

    capabilities = serializers.ListField(child=CapabilityField(), max_length=len(Capability))


class SecretRequest(serializers.Serializer[Any]):
    """allowed_hosts: without any the secret is sent nowhere."""

    value = Text()
    allowed_hosts = serializers.ListField(child=Text(max_length=300), default=list, max_length=50)


class TokenRequest(serializers.Serializer[Any]):
    """guilds: ids; none means all that the person administers. days: how long the token works."""

    label = Text(  # type: ignore[assignment]  # a field of this name, not the field's label
        required=False, max_length=100, default=""
    )
    guilds = serializers.ListField(child=Text(), required=False, max_length=200, default=list)
    days = WholeNumber(required=False, allow_null=True, min_value=1, max_value=3650)


class MigrateForm(serializers.Serializer[Any]):
    worker = WholeNumber(min_value=0, max_value=1000)


class LimitsRequest(serializers.Serializer[Any]):
    limits = serializers.DictField(child=serializers.FloatField())


class FaultQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)
