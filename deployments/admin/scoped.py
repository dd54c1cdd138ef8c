"""Whose rows somebody sees: to everybody else they do not exist, by list, search or address."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from unfold.admin import ModelAdmin

from deployments.access import guilds_for
from deployments.actor import Actor

# A page of one row: the request, the admin site, the row, and what else the address has.
RowPage = Callable[..., HttpResponseBase]

# With more rows than this a filter is no list to choose from; the guild's page links further.
ROWS_IN_FILTER = 50


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]
    """Rights come from `rows_for`, never from Django's permission tables. Read-only by default:
    what can be changed goes through services, which also write the audit."""

    actions = None
    list_per_page = 50
    # Said where a list is empty: what to do to get something into it.
    empty_text = ""

    def rows_for(self, actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows_for(Actor.of(request), super().get_queryset(request))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404(f"no {self.opts.verbose_name} {object_id}")
        return found

    def page_of_row(self, view: RowPage) -> Callable[..., HttpResponseBase]:
        """The view behind the site's login, for those who see the row; a 404 to all others."""

        def guarded(request: HttpRequest, object_id: str, **further: Any) -> HttpResponseBase:
            row = self.get_object(request, object_id)
            return view(request, self.admin_site, row, **further)

        page: Callable[..., HttpResponseBase] = self.admin_site.admin_view(guarded)
        return page

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the filters offer: Django lets any column be probed, hashes included."""
        offered = (
            getattr(item, "parameter_name", None) or (item if isinstance(item, str) else item[0])
            for item in self.get_list_filter(request)
        )
        forms = ("", "__exact", "__id__exact")
        return any(lookup == name + form for name in offered for form in forms)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.admin_site.has_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if not self.has_module_permission(request):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404("the audit is the history")

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The services have written the audit; Django's own log would be a second truth."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """As log_addition."""

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """As log_addition."""


class GuildScopedAdmin(ScopedAdmin):
    """Rows of the guilds that somebody administers. guild_lookup: from the row to its guild."""

    guild_lookup = "guild"

    def rows_for(self, actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
        if actor.is_operator:
            return rows
        return rows.filter(**{f"{self.guild_lookup}__in": guilds_for(actor).values("pk")})


class OperatorAdmin(ScopedAdmin):
    """Rows that only operators may see."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and Actor.of(request).is_operator

    def rows_for(self, actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows if actor.is_operator else rows.none()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        operator_of(request)
        return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]


def operator_of(request: HttpRequest) -> Actor:
    """The operator who asks. To everybody else the page does not exist."""
    actor = Actor.of(request)
    if not actor.is_operator:
        raise Http404("operators only")
    return actor


class OwnRowsFilter(admin.RelatedFieldListFilter):
    """Offers what somebody may see; Django's own would name every row that there is."""

    def rows_for(self, actor: Actor) -> QuerySet[Any]:
        raise NotImplementedError

    def field_choices(
        self, field: "Field[Any, Any]", request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        rows = self.rows_for(Actor.of(request))[:ROWS_IN_FILTER]
        return [(str(row.pk), str(row)) for row in rows]

    def has_output(self) -> bool:
        """Also with a single row to choose from: a filter in the address must not be dropped."""
        return bool(self.used_parameters) or super().has_output()


class OwnGuildsFilter(OwnRowsFilter):
    def rows_for(self, actor: Actor) -> QuerySet[Any]:
        return guilds_for(actor)
