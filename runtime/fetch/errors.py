"""Why a request of a script was not made or its response not read, in words for its author."""


class FetchError(Exception):
    """code: for scripts to tell errors apart. cause: what else helps, empty if nothing does.

    No text of it has a secret's value in it: addresses are told as the script wrote them.
    """

    def __init__(self, message: str, code: str, cause: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.cause = cause


def failed(reason: str) -> FetchError:
    """The network's fault, or the other side's."""
    return FetchError(f"fetch failed: {reason}", "FETCH_FAILED")


def forbidden(reason: str) -> FetchError:
    """flora does not connect there, whoever asks."""
    return FetchError(f"fetch failed: {reason}", "FETCH_FORBIDDEN")


def too_large(reason: str) -> FetchError:
    return FetchError(f"fetch failed: {reason}", "FETCH_TOO_LARGE")
