"""The JSON of the routes for key-value data, the original's."""

import json
from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers

from deployments.api.answers import Answer, ErrorAnswer
from deployments.api.requests import Text
from deployments.kv import rules
from deployments.kv.entries import Key

# --- in -----------------------------------------------------------------------------------


class Verbatim(Text):
    """Text with every character, NUL too: key-value data is kept as bytes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [
            validator
            for validator in self.validators
            if not isinstance(validator, ProhibitNullCharactersValidator)
        ]


class StoresQuery(serializers.Serializer[Any]):
    guild_id = serializers.CharField()


class StoreRequest(serializers.Serializer[Any]):
    guild_id = Text()
    store_name = Verbatim()


class KeysQuery(serializers.Serializer[Any]):
    """limit: at most 1000 come at once, whatever it is."""

    prefix = Verbatim(default="")
    limit = serializers.IntegerField(default=rules.LIST_DEFAULT, min_value=1)
    cursor = Verbatim(default="")


class KeyRequest(serializers.Serializer[Any]):
    """expiration: unix seconds. metadata: any JSON."""

    value = Verbatim()
    expiration = serializers.FloatField(default=None, allow_null=True)
    metadata = serializers.JSONField(default=None, allow_null=True)


# --- out ----------------------------------------------------------------------------------


class ErrorWithCode(ErrorAnswer):
    """code: as the same mistake has it in a script."""

    code = serializers.CharField(required=False)


class StoreAnswer(Answer):
    id = serializers.CharField(source="pk")
    guild_id = serializers.CharField()
    store_name = serializers.CharField(source="name")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class StoreMadeAnswer(Answer):
    store = StoreAnswer()


class ValueAnswer(Answer):
    value = serializers.CharField(allow_null=True)


class SuccessAnswer(Answer):
    success = serializers.BooleanField()


class KeyAnswer(Answer):
    name = serializers.CharField()
    expiration = serializers.IntegerField(source="expires_at", required=False)
    metadata = serializers.JSONField(required=False)

    def to_representation(self, instance: Key) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if instance.metadata is not None:
            shown["metadata"] = json.loads(instance.metadata)
        return shown


class KeysAnswer(Answer):
    """In camelCase, as scripts have it. cursor: for the next page; absent on the last one."""

    keys = KeyAnswer(many=True)
    listComplete = serializers.BooleanField(source="complete")  # noqa: N815 (the original's name)
    cursor = serializers.CharField(required=False)


class ExportMadeAnswer(Answer):
    backup_id = serializers.CharField(source="id")


class ExportAnswer(ExportMadeAnswer):
    created_at = serializers.DateTimeField()
    size = serializers.IntegerField()


class ImportedAnswer(Answer):
    """imported: how many keys."""

    imported = serializers.IntegerField()
