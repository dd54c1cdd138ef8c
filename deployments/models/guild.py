"""A Discord server that the bot is in, who may administer it, and what should run for it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployments.models.fields import SnowflakeField
from deployments.models.user import User

# Discord's permission bits that make a member a guild's administrator, as in the original.
ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5


class GuildState(models.TextChoices):
    """What a person sees of a guild, in one word."""

    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"  # its script broke limits too often
    FAILED = "failed"  # its active revision does not load
    EMPTY = "empty"
    LEFT = "left"  # the bot is not in it any more


def _is_suspended() -> Q:
    over = Q(suspended_until__isnull=False, suspended_until__lte=timezone.now())
    return Q(suspended_at__isnull=False) & ~over


class GuildQuerySet(models.QuerySet["Guild"]):
    def administered_by(self, user: User) -> "GuildQuerySet":
        """The guilds whose scripts this user may see and change; an operator: all."""
        if not user.is_active:
            return self.none()
        if user.is_operator:
            return self
        return self.filter(
            pk__in=GuildMember.objects.administrators().filter(user=user).values("guild_id")
        )

    def running(self) -> "GuildQuerySet":
        """Guilds whose active revision should be in the runtime now."""
        guilds = self.filter(active_revision__isnull=False, paused_at=None, left_at=None)
        return guilds.exclude(_is_suspended())

    def in_state(self, state: GuildState) -> "GuildQuerySet":
        """Those whose `state` is this one."""
        if state == GuildState.LEFT:
            return self.filter(left_at__isnull=False)
        guilds = self.filter(left_at=None)
        if state == GuildState.PAUSED:
            return guilds.filter(paused_at__isnull=False)
        guilds = guilds.filter(paused_at=None)
        if state == GuildState.SUSPENDED:
            return guilds.filter(_is_suspended())
        guilds = guilds.exclude(_is_suspended())
        if state == GuildState.FAILED:
            return guilds.exclude(load_error="")
        return guilds.filter(load_error="", active_revision__isnull=state == GuildState.EMPTY)

    def with_active_revision(self) -> "GuildQuerySet":
        """Brings the active revision along, without its megabytes."""
        contents = ("files", "bundle", "source_map", "subscriptions", "commands")
        return self.select_related("active_revision").defer(
            *(f"active_revision__{name}" for name in contents)
        )


class Guild(models.Model):
    """The truth about what should run: active revision, paused or not, left or not.

    The runtime compares it with what does run, every few seconds and whenever it is told to.
    """

    id = SnowflakeField(primary_key=True, help_text="The id that Discord's «Copy Server ID» gives.")
    name = models.CharField(max_length=100, blank=True)
    icon = models.CharField(max_length=64, blank=True)
    active_revision = models.ForeignKey(
        "deployments.Revision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True, help_text="When the bot left the guild.")
    load_error = models.TextField(
        blank=True, help_text="Why the active revision does not run; empty when it does."
    )
    safe_mentions = models.BooleanField(
        default=True,
        help_text=(
            "Messages of the script ping the users that they mention, but no role and never "
            "everyone, unless the script says otherwise. Off: they ping whomever they mention, "
            "which is Discord's own default."
        ),
    )
    # Its script broke limits too often; nothing of it runs until then, for good without an end.
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspended_until = models.DateTimeField(null=True, blank=True, editable=False)
    # How many steps of the ladder it has gone up: each suspension is longer than the one before.
    suspensions = models.PositiveSmallIntegerField(default=0, editable=False)
    # Its script has killed a worker: until then it runs in one that others do not share.
    secluded_until = models.DateTimeField(null=True, blank=True, editable=False)
    limits = models.JSONField(
        default=dict,
        blank=True,
        help_text="Limits of this guild that differ from the installation's, by their settings.",
    )
    withheld_capabilities = models.JSONField(
        default=list, blank=True, help_text="What scripts of this guild may not do, in words."
    )
    notice_channel = SnowflakeField(
        null=True, blank=True, help_text="The channel that is told when the script is stopped."
    )
    # Rises with each change of its secrets: the runtime compares it with what it holds.
    secrets_version = models.IntegerField(default=0, editable=False)
    # A hash of the slash commands that Discord has from us; empty: none were ever sent.
    synced_commands = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = GuildQuerySet.as_manager()

    SUSPENSION = ("suspended_at", "suspended_until", "suspensions")

    active_revision_id: "str | None"

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    def forgive(self) -> None:
        self.suspended_at = self.suspended_until = None
        self.suspensions = 0

    @property
    def is_suspended(self) -> bool:
        if self.suspended_at is None:
            return False
        return self.suspended_until is None or self.suspended_until > timezone.now()

    @property
    def state(self) -> GuildState:
        if self.left_at:
            return GuildState.LEFT
        if self.paused_at:
            return GuildState.PAUSED
        if self.is_suspended:
            return GuildState.SUSPENDED
        if self.load_error:
            return GuildState.FAILED
        return GuildState.RUNNING if self.active_revision_id else GuildState.EMPTY


class GuildMemberQuerySet(models.QuerySet["GuildMember"]):
    def administrators(self) -> "GuildMemberQuerySet":
        bits = models.F("permissions").bitand(ADMINISTRATOR | MANAGE_GUILD)
        return self.annotate(admin_bits=bits).filter(Q(owner=True) | ~Q(admin_bits=0))


class GuildMember(models.Model):
    """What a user may do in a guild: Discord's permissions there, or ownership given here."""

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="guild_memberships")
    owner = models.BooleanField(
        default=True, help_text="Owner of the guild: may do everything with its script."
    )
    permissions = models.BigIntegerField(
        default=0, help_text="Discord's permission bits of this member in the guild."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = GuildMemberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guild", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.guild}"

    @property
    def bits(self) -> int:
        """Discord's permission bits; who was given the guild here may everything."""
        return self.permissions | (ADMINISTRATOR if self.owner else 0)
