"""The pace of a batch: how many images may be in flight, found out from what the service accepts and refuses."""

from __future__ import annotations

from typing import Final

from attrs import define, field

from ideogram_ai.client.retry import RetryPolicy

_DECREASE: Final = 0.8
"""What a 429 leaves of the limit. A small decrease, because a 429 is free and an unused slot costs time."""
_INCREASES: Final = 20
"""Rounds of responses that bring the limit from 1 back to the maximum."""


@define
class Pace:
    """How many images may be in flight: additive increase, multiplicative decrease. Pure: it has no clock.

    The service makes a number of images at a time and refuses the next request, for free. The number belongs to the
    account, other programs may use some of it, and it is not always known. So the limit grows slowly while the service
    accepts requests, and shrinks by a share when it refuses one. A request for more images than that goes alone.

    Attributes:
        most: The limit never exceeds this, 1 or more.
        policy: Bounds the pauses that the service does not specify. Its deadline is how long it may send only 429.
        limit: How many may be in flight, rounded down.
        in_flight: How many are, or may be: the images that requests ask for.
        paused_until: Monotonic seconds; nothing is sent before.
    """

    most: int
    policy: RetryPolicy
    limit: float = field(init=False)
    in_flight: int = field(default=0, init=False)
    paused_until: float = field(default=float("-inf"), init=False)
    _number: int = field(default=0, init=False)
    _last_of_round: int = field(default=0, init=False)
    _pauses: int = field(default=0, init=False)
    _refused_since: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.limit = float(self.most)

    def allows(self, now: float, images: int = 1) -> bool:
        """Whether a request for so many images may be sent now, in monotonic seconds."""
        return (self.in_flight + images <= int(self.limit) or not self.in_flight) and now >= self.paused_until

    def on_send(self, images: int = 1) -> int:
        """Count a request that is sent. Returns its number, for `on_rate_limited`."""
        self.in_flight += images
        self._number += 1
        return self._number

    def on_response(self, images: int = 1) -> None:
        """A request got any response but a 429 for the number of requests."""
        self.in_flight -= images
        step = max(1.0, self.most / _INCREASES) * images
        self.limit = min(self.limit + step / self.limit, float(self.most))
        self._pauses = 0
        self._refused_since = None

    def on_unknown(self, images: int = 1) -> None:
        """A request ended without telling anything about the limit: it never left, or its outcome is unknown."""
        self.in_flight -= images

    def on_rate_limited(
        self,
        number: int,
        images: int = 1,
        *,
        now: float,
        retry_after: float | None,
        server_limit: int | None,
        chance: float,
    ) -> float:
        """A request was refused because of the number of requests.

        Args:
            number: Its number.
            images: How many it asked for.
            now: Monotonic seconds.
            retry_after: Seconds that the service asks to wait, or None.
            server_limit: The limit that the service names, or None.
            chance: A number from 0 to 1 that places a pause that the service does not specify.

        Returns:
            Seconds, 0 or more, until another request may be sent as far as pauses go.
        """
        if server_limit is not None:
            self.most = max(1, min(self.most, server_limit))
        if number > self._last_of_round:
            # One decrease for all requests that were in flight together: they were refused in the same moment.
            self._last_of_round = self._number
            self.limit = min(self.limit, self.in_flight) * _DECREASE
        self.in_flight -= images
        # The service accepted those that are still in flight, or fewer.
        self.limit = max(1.0, min(self.limit, float(self.in_flight), float(self.most)))
        if self._refused_since is None:
            self._refused_since = now
        if retry_after is None and not self.in_flight:
            # No request of ours will end and free a slot, so only time helps.
            self._pauses += 1
            retry_after = chance * self.policy.bound(self._pauses)
        if retry_after is not None:
            self.paused_until = max(self.paused_until, now + retry_after)
        return self.pause(now)

    def pause(self, now: float) -> float:
        """Seconds, 0 or more, until a request may be sent as far as pauses go."""
        return max(0.0, self.paused_until - now)

    def exhausted(self, now: float) -> bool:
        """Whether the service refused everything for longer than the deadline, or asks for such a pause."""
        if self._refused_since is None or self.in_flight:
            return False
        return max(now, self.paused_until) - self._refused_since > self.policy.deadline
