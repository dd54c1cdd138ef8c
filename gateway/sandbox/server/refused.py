"""Why a member's action is not done."""


class Refused(Exception):
    """A sentence for the person who chats."""
