"""Two guilds on real services for what a worker says; two with owners for what people ask."""

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from deployments import control
from deployments.models import Guild, Revision
from deployments.models.revision import Status
from tests.admin.conftest import Answering, World, one_machine, runtime, world
from tests.operations.conftest import guilds

__all__ = ["answering", "guilds", "one_machine", "runtime", "world"]


@pytest.fixture
def answering(runtime: Answering, world: World) -> Iterator[Answering]:
    """A runtime that does all it is asked; of deployments every other one fails. It sees what the
    test's own transaction has written."""
    shared = connection._connections[DEFAULT_DB_ALIAS]  # type: ignore[attr-defined]
    shared.inc_thread_sharing()

    def answer(message: control.Message) -> control.Reply:
        match message:
            case control.Deploy(revision_id):
                connections[DEFAULT_DB_ALIAS] = shared
                return control.Settled(revision_id, _settle(revision_id))
            case control.Migrate(_, worker):
                return control.Migrated(0, worker, 1.5)
            case control.GetWorkers():
                return control.Workers([])
        return control.Done()

    runtime.answer = answer
    yield runtime
    shared.dec_thread_sharing()


def _settle(revision_id: str) -> str:
    revision = Revision.objects.get(pk=revision_id)
    if revision.status == Status.PENDING:
        revision.status = Status.FAILED if len(revision.entry) % 2 else Status.SUCCESS
        if revision.status == Status.FAILED:
            revision.error = {"message": "boom", "file": revision.entry, "line": 1, "column": 2}
        else:
            revision.bundle = revision.bundle or "1"
            Guild.objects.filter(pk=revision.guild_id).update(active_revision=revision)
        revision.save()
    return revision.status
