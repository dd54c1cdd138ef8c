"""What a guild owns. Django finds the models of this app here."""

from deployments.models.audit import AuditEvent
from deployments.models.fault import Fault
from deployments.models.guild import Guild, GuildMember
from deployments.models.kv import KvEntry, KvStore
from deployments.models.log import LogEntry
from deployments.models.notice_webhook import NoticeWebhook
from deployments.models.restart import GatewaySession, WaitingEvent
from deployments.models.revision import Revision
from deployments.models.schedule import CronJob, JobRun, Task
from deployments.models.script_state import ScriptState
from deployments.models.secret import Secret
from deployments.models.token import ApiToken
from deployments.models.user import User

__all__ = [
    "ApiToken",
    "AuditEvent",
    "CronJob",
    "Fault",
    "GatewaySession",
    "Guild",
    "GuildMember",
    "JobRun",
    "KvEntry",
    "KvStore",
    "LogEntry",
    "NoticeWebhook",
    "Revision",
    "ScriptState",
    "Secret",
    "Task",
    "User",
    "WaitingEvent",
]
