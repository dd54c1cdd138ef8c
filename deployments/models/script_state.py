"""What a script has asked to keep over a restart of the runtime."""

from django.db import models
from django.utils import timezone

from deployments.models.guild import Guild
from deployments.models.revision import Revision


class ScriptState(models.Model):
    """There from a stop of the runtime to its next start, which hands it back to the same revision
    and forgets it. state: JSON as the script gave it, at most 1 MiB."""

    guild = models.OneToOneField(Guild, on_delete=models.CASCADE, primary_key=True)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    state = models.BinaryField()
    at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"state of {self.guild}"
