"""A real browser for tests: the machine's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest
from playwright.async_api import Browser, async_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Its path. Without one the test is skipped; fails where nothing may be skipped (FLORA_CI)."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return found or absent("Chromium is not installed (Debian: apt install chromium)")


def absent(what: str) -> NoReturn:
    """Skips the test in sight of everybody, or fails it where nothing may be skipped."""
    if os.environ.get("FLORA_CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """For our own pages only: its sandbox is off, it needs rights that containers do not give."""
    program = chromium()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield running
        finally:
            await running.close()
