"""Which processes are at work on a shared batch: each one renews a file in the place, which dates it."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from .model import StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from .store import Store

HEARTBEAT_SECONDS: Final = 15.0
"""An owner renews its file so often."""
LEASE_SECONDS: Final = 60.0
"""An owner whose file is older is dead."""

_VERDICT_SECONDS: Final = 2.0
"""So long a process that was alive is not looked for again."""

_log = logging.getLogger(__name__)


class Presence:
    """Shows that this process is at work, and tells which others are."""

    def __init__(self, store: Store) -> None:
        host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40]
        self.owner = f"{host}-{os.getpid()}-{secrets.token_hex(6)}"
        self._store = store
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._renewed: tuple[datetime, float] | None = None
        self._verdicts: dict[str, tuple[float, bool]] = {}

    def start(self) -> None:
        """Begin to renew the file of this process, once."""
        with self._lock:
            if self._thread is None:
                self._renew()
                self._thread = threading.Thread(target=self._run, name="ideogram-claims", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Remove the file of this process: what it left without an outcome is unknown from now on."""
        with self._lock:
            if self._thread is None:
                return
            self._stopped.set()
            self._thread.join()
            with suppress(StoreError):
                self._store.remove(_owner_name(self.owner))

    def is_alive(self, owner: str) -> bool:
        """Whether a process is at work, by the clock of the place."""
        if owner == self.owner:
            return not self._stopped.is_set()
        asked, alive = self._verdicts.get(owner, (float("-inf"), False))
        if time.monotonic() - asked > _VERDICT_SECONDS:
            self.start()
            alive = self._look(owner)
            self._verdicts[owner] = time.monotonic(), alive
        return alive

    def _look(self, owner: str) -> bool:
        name = _owner_name(owner)
        seen = self._store.modified(name)
        if seen is None or self._renewed is None:  # gone, or a place that does not date its files
            return self._store.exists(name)
        ours, at = self._renewed
        if (ours - seen).total_seconds() + time.monotonic() - at < LEASE_SECONDS:
            return True
        with suppress(StoreError):  # if it was only slow, it writes the file again
            self._store.remove(name)
        return False

    def _renew(self) -> None:
        name = _owner_name(self.owner)
        at = time.monotonic()
        self._store.put(name, json.dumps({"owner": self.owner}).encode())
        dated = self._store.modified(name)
        self._renewed = None if dated is None else (dated, at)

    def _run(self) -> None:
        while not self._stopped.wait(HEARTBEAT_SECONDS):
            try:
                self._renew()
            except StoreError as error:
                _log.warning("Other machines may take this process for dead: %s", error)


def _owner_name(owner: str) -> str:
    return f"claims/owners/{owner}.json"
