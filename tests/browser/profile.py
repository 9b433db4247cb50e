"""A person's browser with a profile on disk, which can be killed as a whole, as a crash or a power cut would.

Playwright's own contexts forget everything when they end; here what IndexedDB and the service worker keep is found
again by the next start on the same folder. The login's cookies are set anew each time, because Chromium may take half a
minute to write a cookie down, and what is asked here is not its memory for cookies.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

from playwright.sync_api import BrowserContext, Playwright
from playwright.sync_api import Error as PlaywrightError

from tests.conftest import BROWSER_ARGUMENTS, CHROMIUM, log_in


class Profile:
    """One folder, and the browser that runs on it now. `url` is where it comes in, `name` one of the demo's people."""

    def __init__(self, playwright: Playwright, folder: Path, *, url: str, name: str, **options: Any) -> None:
        self.playwright = playwright
        self.folder = folder
        self.options = {"base_url": url, **options}
        self.context = self._launch()
        self._killer: Timer | None = None
        log_in(self.context, name)
        self.cookies: Any = self.context.cookies()

    def start(self) -> BrowserContext:
        """Start the browser again, logged in as before."""
        for lock in self.folder.glob("Singleton*"):
            lock.unlink()
        self.context = self._launch()
        self.context.add_cookies(self.cookies)
        return self.context

    def kill(self) -> None:
        """End every process of the browser at once (SIGKILL); may be called from any thread."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_after(self, seconds: float) -> None:
        """Kill the browser after so many seconds, whatever is being done in it then: only inside `killed`."""
        self._killer = Timer(seconds, self.kill)
        self._killer.start()

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Let something be done until the browser is killed."""
        self._killer = None
        try:
            yield
        except (PlaywrightError, AssertionError):
            if self._killer is None:
                raise
            self._killer.join()
            if self.processes():
                raise
        finally:
            if self._killer is not None:
                self._killer.cancel()
        assert not self.processes(), "it was not killed while something was done"

    @contextmanager
    def killed_within(self, seconds: float) -> Iterator[None]:
        """Let something be done until the browser is killed, after so many seconds."""
        with self.killed():
            self.kill_after(seconds)
            yield

    def processes(self) -> list[int]:
        """Return the browser's process and all that came from it, the browser first."""
        rows = [row.split(maxsplit=2) for row in _ps().splitlines()]
        mark = f"--user-data-dir={self.folder}"
        found = [int(row[0]) for row in rows if len(row) == 3 and mark in row[2] and "--type=" not in row[2]]
        for parent in found:
            found += [int(row[0]) for row in rows if int(row[1]) == parent]
        return found

    def close(self) -> None:
        """End it gently, if it still runs."""
        with suppress(PlaywrightError):
            self.context.close()

    def _launch(self) -> BrowserContext:
        return self.playwright.chromium.launch_persistent_context(
            self.folder, executable_path=CHROMIUM, args=BROWSER_ARGUMENTS, **self.options
        )


def _ps() -> str:
    return subprocess.run(["ps", "-axwwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
