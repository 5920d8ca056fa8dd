"""How many requests may be in flight: additive increase, multiplicative decrease. Pure: it has no clock of its own.

The service lets a number of requests run at a time and refuses the next one, for free. The limit is the account's,
other programs may use some of it, and it is not always known. So the number that is tried grows slowly while the
service bears it, and shrinks by a share when it does not.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field

from ideogram_ai.client import RetryPolicy

DECREASE: Final = 0.8
"""What a refusal leaves of the limit. Gentle, because a refusal costs nothing and an unused place costs time."""
_INCREASES: Final = 20
"""So many rounds of answers bring the limit from nothing to the most."""


@define
class Pace:
    """The limit of requests in flight, and a pause in which none is sent.

    Attributes:
        most: What the limit never passes, 1 or more.
        policy: Bounds the pauses that nobody asked for; its deadline is how long nothing but refusals is borne.
        limit: How many may be in flight; below the next whole number.
        flying: How many are.
        paused_until: Monotonic seconds; none is sent before.
    """

    most: int
    policy: RetryPolicy
    limit: float = field(init=False)
    flying: int = field(default=0, init=False)
    paused_until: float = field(default=float("-inf"), init=False)
    _number: int = field(default=0, init=False)
    _last_of_round: int = field(default=0, init=False)
    _pauses: int = field(default=0, init=False)
    _refused_since: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"in_flight is {self.most}; at least 1 request has to be in flight.")
        self.limit = float(self.most)

    def allows(self, now: float) -> bool:
        """Whether another request may be sent now, in monotonic seconds."""
        return self.flying < int(self.limit) and now >= self.paused_until

    def send(self) -> int:
        """A request leaves. Returns its number, for what comes of it."""
        self.flying += 1
        self._number += 1
        return self._number

    def bear(self) -> None:
        """A request was answered by anything but a refusal for the number of requests."""
        self.flying -= 1
        step = max(1.0, self.most / _INCREASES)
        self.limit = min(self.limit + step / self.limit, float(self.most))
        self._pauses = 0
        self._refused_since = None

    def lose(self) -> None:
        """A request ended in a way that tells nothing of the limit: it never left, or nobody knows."""
        self.flying -= 1

    def refuse(self, number: int, *, now: float, asked: float | None, told: int | None, chance: float) -> float:
        """A request was refused because of the number of requests.

        Args:
            number: Its number.
            now: Monotonic seconds.
            asked: Seconds that the service asks to wait, or None.
            told: The limit as the service tells it, or None.
            chance: A number from 0 to 1 that places a pause which nobody asked for.

        Returns:
            Seconds, 0 or more, in which none is sent now.
        """
        self.flying -= 1
        if told is not None:
            self.most = max(1, min(self.most, told))
        if number > self._last_of_round:
            # One decrease for all that were in the air together: they tell of the same moment.
            self._last_of_round = self._number
            self.limit = min(self.limit, self.flying + 1) * DECREASE
        # Those that are still in the air are as many as the service bore, or fewer.
        self.limit = max(1.0, min(self.limit, float(self.flying), float(self.most)))
        if self._refused_since is None:
            self._refused_since = now
        if asked is None and not self.flying:
            # Nothing of ours runs whose end could make room, so that only time tells.
            self._pauses += 1
            asked = chance * self.policy.bound(self._pauses)
        if asked is not None:
            self.paused_until = max(self.paused_until, now + asked)
        return self.pause(now)

    def pause(self, now: float) -> float:
        """Seconds, 0 or more, until a request may be sent as far as pauses go."""
        return max(0.0, self.paused_until - now)

    def exhausted(self, now: float) -> bool:
        """Whether the service refused everything for so long, or asks for such a pause, that going on is pointless."""
        if self._refused_since is None or self.flying:
            return False
        return max(now, self.paused_until) - self._refused_since > self.policy.deadline
