"""Keep the tests off the network: a process in which `install` was called reaches nothing but its own machine.

An audit hook sees every connection, datagram and look-up that Python makes, whichever library asks for it. It cannot be
taken out again, and what it refused is kept in `refused`, because code under test may well swallow the exception.
"""

import ipaddress
import sys

Args = tuple[object, ...]


class NetworkAccessError(RuntimeError):
    """A test reached for an address that is not on this machine."""


refused: list[str] = []


def install() -> None:
    """Guard this process from here on."""
    sys.addaudithook(_watch)


def _watch(event: str, args: Args) -> None:
    if not event.startswith("socket."):
        return
    match event:
        case "socket.connect" | "socket.sendto" | "socket.sendmsg":
            address = args[1]
            # Any other form is a path (AF_UNIX), or absent: the socket was connected, and judged, before.
            host = address[0] if isinstance(address, tuple) else None
            allowed = host is None or _is_loopback(host)
        case "socket.getaddrinfo" | "socket.gethostbyname" | "socket.gethostbyaddr":
            host = args[0]
            allowed = host is None or _is_loopback(host) or host in {"", "0.0.0.0", "::"}  # servers look these up
        case _:
            return
    if not allowed:
        text = (
            f"{event}: tests may reach nothing but this machine, and this was for {args[1:] or args!r} (host {host!r})"
        )
        refused.append(text)
        raise NetworkAccessError(text)


def _is_loopback(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
