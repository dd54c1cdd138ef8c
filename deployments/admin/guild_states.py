"""What the state of a guild means and what its owner can do about it, in sentences."""

from deployments.models import Guild
from deployments.models.guild import GuildState

_SENTENCES = {
    GuildState.RUNNING: "The script runs and answers.",
    GuildState.PAUSED: (
        "The script is paused: it receives nothing, and its messages and commands go unanswered. "
        "Resume it when it should answer again."
    ),
    GuildState.SUSPENDED: (
        "The script broke limits too often and is suspended: the faults below say why. Repair it "
        "and deploy, and it runs again at once."
    ),
    GuildState.FAILED: (
        "The script does not run. Repair it in the editor and deploy, roll back to an earlier "
        "revision, or try once more if the reason has gone."
    ),
    GuildState.EMPTY: "No script is deployed. Write one and deploy it.",
    GuildState.LEFT: (
        "The bot is no longer in this server, so nothing runs. Invite it again and the script "
        "goes on where it was."
    ),
}


def sentence(guild: Guild) -> str:
    if guild.state == GuildState.SUSPENDED and guild.suspended_until is None:
        return f"{_SENTENCES[GuildState.SUSPENDED]} Or resume it as it is."
    return _SENTENCES[guild.state]


def after_deploy(guild: Guild) -> str:
    """What the active revision of the guild does now."""
    if guild.state == GuildState.FAILED:
        return "It is the active revision, but it does not run: the guild's page says why."
    if guild.state == GuildState.PAUSED:
        return "It is deployed, but the guild is paused: it answers as soon as you resume it."
    if guild.state == GuildState.LEFT:
        return "It is deployed, and runs when the bot is back in this server."
    return "It runs, and answers from now on."
