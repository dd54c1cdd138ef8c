"""Why an answer to an interaction cannot be given: errors that scripts tell apart by their code."""


class InteractionError(Exception):
    """message and code are for the script's author.

    INTERACTION_NOT_ANSWERED: there is no answer yet that could be edited, fetched or deleted.
    INTERACTION_ANSWERED: Discord takes this as the first answer only, and that has been given.
    INTERACTION_DEFERRED: the same, and the first answer was a deferral, perhaps flora's own.
    INTERACTION_KIND: this kind of interaction has no such answer.
    INTERACTION_EXPIRED: nothing came within Discord's 3 s, or the 15 minutes after are over.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def not_answered() -> InteractionError:
    return InteractionError(
        "the interaction has no answer yet: reply or defer first", "INTERACTION_NOT_ANSWERED"
    )


def already_answered(what_instead: str) -> InteractionError:
    return InteractionError(
        f"the interaction has been answered already: {what_instead}", "INTERACTION_ANSWERED"
    )


def deferred(what_instead: str) -> InteractionError:
    return InteractionError(
        "the interaction has been deferred already, by the script or by flora after 2 s: "
        f"{what_instead}",
        "INTERACTION_DEFERRED",
    )


def wrong_kind(reason: str) -> InteractionError:
    return InteractionError(reason, "INTERACTION_KIND")


def too_late() -> InteractionError:
    return InteractionError(
        "the interaction is over: Discord waits 3 s for the first answer", "INTERACTION_EXPIRED"
    )


def expired() -> InteractionError:
    return InteractionError(
        "the interaction is over: its token lives for 15 minutes", "INTERACTION_EXPIRED"
    )
