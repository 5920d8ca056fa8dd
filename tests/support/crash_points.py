"""Runs `ideogram` as forks of this process, which stop at every system call that changes something.

`Program` starts this file as a process of its own, since forks need a parent without threads, and asks it with lines of
JSON. What is not known to be harmless is a point, so none is missed: the writes of SQLite, the requests of a driver.
Each step of a task is a point as well, named by the line of this project that awaits. The name of a point is the same
in every run: the call, the file or what is sent, and how often that was there before.

What a process wrote stays when it is killed, so nothing here sees whether it was flushed to the disk.

Linux on x86-64 only, whose numbers of system calls these are.
"""

import asyncio
import ctypes
import gc
import importlib
import json
import os
import re
import signal
import struct
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, NoReturn, Self

from attrs import define, field, frozen

AVAILABLE: Final = sys.platform == "linux" and os.uname().machine == "x86_64"
_CALL: Final = re.compile(r"(\w+):(\d+)(?:@(\d))?")
HARMLESS: Final = {
    name: int(number)
    for name, number, _ in _CALL.findall("""
        read:0 stat:4 fstat:5 lstat:6 poll:7 lseek:8 mmap:9 mprotect:10 munmap:11 brk:12 rt_sigaction:13
        rt_sigprocmask:14 rt_sigreturn:15 ioctl:16 pread64:17 readv:19 pipe:22 select:23 sched_yield:24 mremap:25
        mincore:27 madvise:28
        dup:32 dup2:33 nanosleep:35 getitimer:36 setitimer:38 getpid:39 socket:41 recvfrom:45 recvmsg:47 getsockname:51
        getpeername:52 socketpair:53 setsockopt:54 getsockopt:55 clone:56 exit:60 wait4:61 uname:63 fcntl:72 flock:73
        fsync:74 fdatasync:75 getdents:78 getcwd:79 readlink:89 umask:95 gettimeofday:96 getrlimit:97 getrusage:98
        sysinfo:99 getuid:102 getgid:104 geteuid:107 getegid:108 getppid:110 sigaltstack:131 statfs:137 fstatfs:138
        prctl:157 arch_prctl:158 gettid:186 futex:202 sched_getaffinity:204 getdents64:217 set_tid_address:218
        clock_gettime:228 clock_getres:229 clock_nanosleep:230 exit_group:231 epoll_wait:232 epoll_ctl:233
        newfstatat:262 readlinkat:267 faccessat:269 pselect6:270 ppoll:271 set_robust_list:273 epoll_pwait:281
        eventfd2:290 epoll_create1:291 dup3:292 pipe2:293 prlimit64:302 getrandom:318 statx:332 rseq:334 clone3:435
        close_range:436 faccessat2:439 epoll_pwait2:441
    """)
}
"""Calls that read, wait, flush, or change this process alone. A lock on a file ends with its process."""
_STEP: Final = 21
"""access(2) changes nothing, and Python rarely uses it: a step of a task calls it with its name."""
_ON_PATHS: Final = {
    int(number): (name, int(place))
    for name, number, place in _CALL.findall("""
        open:2@0 access:21@0 execute:59@0 truncate:76@0 rename:82@0 mkdir:83@0 rmdir:84@0 link:86@0 unlink:87@0
        chmod:90@0 open:257@1 mkdir:258@1 unlink:263@1 rename:264@1 link:265@1 chmod:268@1 rename:316@1
    """)
}
"""Their names, and which argument is the path. The first argument of all others is a file descriptor."""
_ON_FILES: Final = {
    int(number): name
    for name, number, _ in _CALL.findall("""
        write:1 close:3 pwrite:18 writev:20 connect:42 send:44 sendmsg:46 shutdown:48 ftruncate:77 chmod:91 chown:93
        fallocate:285
    """)
}
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_CREATE_OR_CUT: Final = os.O_CREAT | os.O_TRUNC
_TRACEME, _CONT, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 7, 24, 0x4200, 0x420E
_OPTIONS: Final = 0x100000 | 0x80 | 0x10 | 0x8 | 0x4 | 0x2 | 0x1
"""Kill it when this process ends, stop at the filter's calls, follow exec, threads, vfork and fork, mark calls."""
_FILTERED: Final = 7
_THREADS_TOO: Final = 0x40000000


class _Call(ctypes.Structure):
    """`ptrace_syscall_info` of Linux."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
        ("data", ctypes.c_uint32),
    )


class _Instruction(ctypes.Structure):
    """`sock_filter` of Linux."""

    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    """`sock_fprog` of Linux."""

    _fields_ = (("size", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _system(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def _ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> None:
    _system("ptrace", ctypes.c_long(request), ctypes.c_long(thread), ctypes.c_void_p(address), ctypes.c_void_p(data))


def _stop_at_calls() -> None:
    """Let the kernel stop this process at each call that is not harmless."""
    count = len(HARMLESS)
    jumps = [_Instruction(0x15, count - place, 0, number) for place, number in enumerate(HARMLESS.values())]
    ends = [_Instruction(6, 0, 0, 0x7FF00000), _Instruction(6, 0, 0, 0x7FFF0000)]
    instructions = (_Instruction * (count + 3))(_Instruction(0x20, 0, 0, 0), *jumps, *ends)
    _system("prctl", 38, 1, 0, 0, 0)
    _system("prctl", 22, 2, ctypes.byref(_Filter(count + 3, instructions)), 0, 0)


@define
class _Tracer:
    """Watches a fork from its first call to its end.

    Attributes:
        process: The fork, which waits for its parent.
        die: The name or the number of the point at which it is killed; None lets it live.
        after: Whether it is killed when the call has returned, and not before.
        names: What differs from run to run in names: pattern and replacement.
        points: The names of the points that it came to.
        sent: The first lines of the requests that it sent, as far as a call has them.
    """

    process: int
    die: str | int | None
    after: bool
    names: Sequence[tuple[str, str]]
    points: list[str] = field(factory=list[str])
    sent: list[str] = field(factory=list[str])
    _seen: Counter[str] = field(factory=Counter[str])

    def run(self) -> int:
        """Return the exit code, negative for a signal."""
        os.waitpid(self.process, 0)
        _ptrace(_SETOPTIONS, self.process, 0, _OPTIONS)
        _ptrace(_CONT, self.process)
        threads = {self.process}
        while True:
            thread, status = os.waitpid(-1, _THREADS_TOO)
            if not os.WIFSTOPPED(status):
                if thread == self.process:
                    return os.waitstatus_to_exitcode(status)
                continue
            number, event = os.WSTOPSIG(status), status >> 16
            how = _CONT
            is_end = event == _FILTERED and self._is_end(thread)
            if number == signal.SIGTRAP | 0x80 or (is_end and not self.after):
                os.kill(self.process, signal.SIGKILL)
                continue
            if is_end:
                how = _SYSCALL
            begins = thread not in threads
            threads.add(thread)
            passed = 0 if event or (begins and number == signal.SIGSTOP) else number
            with suppress(ProcessLookupError):  # killed meanwhile
                _ptrace(how, thread, 0, passed)

    def _is_end(self, thread: int) -> bool:
        """Note the call that a thread is about to make, and tell whether this is the one to die at."""
        call = _Call()
        _ptrace(_GET_SYSCALL_INFO, thread, ctypes.sizeof(call), ctypes.addressof(call))
        name = self._name(thread, call.number, call.arguments)
        if name is None:
            return False
        raw = name
        for pattern, replacement in self.names:
            name = re.sub(pattern, replacement, name)
        self._seen[name] += 1
        self.points.append(f"{name} #{self._seen[name]}")
        is_end = self.die in {self.points[-1], len(self.points)}
        if raw.startswith("send ") and (self.after or not is_end):
            self.sent.append(raw.removeprefix("send "))
        return is_end

    def _name(self, thread: int, number: int, arguments: Sequence[int]) -> str | None:
        """A name for a call; None for one that changes nothing."""
        if number in _ON_PATHS:
            name, place = _ON_PATHS[number]
            path = os.fsdecode(_memory(thread, arguments[place], 4096).partition(b"\0")[0])
            if number == _STEP:
                return path if path.startswith("await ") else None
            return None if name == "open" and not arguments[place + 1] & _CREATE_OR_CUT else f"{name} {path}"
        name = _ON_FILES.get(number, f"call {number}")
        try:
            file = os.readlink(f"/proc/{thread}/fd/{arguments[0]}")
        except OSError:
            return None if number in _ON_FILES else name
        if file.startswith(("anon_inode:", "pipe:")) or (name == "close" and not file.startswith("socket:")):
            return None
        if not file.startswith("socket:"):
            return f"{name} {file.removesuffix(' (deleted)')}"
        address, size = arguments[1], arguments[2]
        if name == "sendmsg":
            pieces = int.from_bytes(_memory(thread, address + 16, 8), sys.byteorder)
            address, size = struct.unpack("QQ", _memory(thread, pieces, 16))
            name = "send"
        sent = _memory(thread, address, min(size, 200)) if name == "send" else b""
        if sent == b"\0":
            return None  # an event loop wakes itself
        head = re.match(rb"[A-Z]+ /[^ ?]*", sent)
        return f"{name} {head[0].decode() if head else 'a body' if sent else 'a socket'}"


def _memory(thread: int, address: int, size: int) -> bytes:
    """What is in a thread's memory, or as much of it as is mapped."""
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
        while size:
            with suppress(OSError):
                return os.pread(memory.fileno(), size, address)
            size //= 2
    return b""


def _name_steps() -> None:
    """Let each step of a task call access(2) with the line of this project that awaits, and so be a point."""

    def named(original: Callable[..., Any], place: int) -> Callable[..., Any]:
        def call(loop: object, *arguments: Any, **options: Any) -> Any:
            callback = arguments[place]

            def step(*values: Any) -> None:
                task = getattr(callback, "__self__", None)
                line = _line(task.get_coro()) if isinstance(task, asyncio.Task) else None
                if line is not None:
                    os.access(f"await {line}", os.F_OK)
                callback(*values)

            return original(loop, *arguments[:place], step, *arguments[place + 1 :], **options)

        return call

    for name, place in (("call_soon", 0), ("call_soon_threadsafe", 0), ("call_at", 1)):
        setattr(asyncio.SelectorEventLoop, name, named(getattr(asyncio.SelectorEventLoop, name), place))


def _line(coroutine: Any) -> str | None:
    """The innermost line of this project that a coroutine awaits in."""
    found = None
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None and "/ideogram_ai/" in frame.f_code.co_filename:
            found = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return found


@frozen
class Run:
    """What became of a run.

    Attributes:
        code: The exit code, negative for a signal.
        points: The names of the points that it came to, if it was traced.
        sent: The first lines of the requests that it sent, if it was traced.
        output: What it printed.
    """

    code: int
    points: list[str]
    sent: list[str]
    output: str


class Program:
    """Runs the command again and again, one run at a time. A context manager; any thread may use it.

    Args:
        warm: The arguments of a run that loads what others need, writes nothing and starts no thread.
        names: What differs from run to run in names of points: pattern and replacement.
    """

    def __init__(self, *warm: str, names: Sequence[tuple[str, str]] = ()) -> None:
        self._names = names
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__, *warm], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._modules: list[str] = []

    def run(
        self,
        *arguments: str,
        output: Path,
        environment: Mapping[str, str],
        change: str = "",
        traced: bool = False,
        die: str | int | None = None,
        after: bool = False,
    ) -> Run:
        """Run the command.

        Args:
            arguments: Its arguments.
            output: The file that it prints to.
            environment: Variables.
            change: Statements to execute before, for example to break the code, or to define another `command`.
            traced: Whether to name the points that it comes to.
            die: The name or the number of the point at which it is killed.
            after: Kill it when the call has returned, and not before.
        """
        asked = {
            "arguments": arguments,
            "output": str(output),
            "environment": dict(environment),
            "change": change,
            "traced": traced or die is not None,
            "die": die,
            "after": after,
            "names": self._names,
        }
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        assert line, "the parent of all runs is dead"
        return Run(**json.loads(line), output=output.read_text(encoding="utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def main() -> NoReturn:
    """Serve runs until stdin ends."""
    from ideogram_ai.cli.main import main as command

    os.environ["IDEOGRAM_API_KEY"] = "the-key-of-this-test"
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        command(sys.argv[1:])
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        fork = os.fork()
        if fork == 0:
            _be_the_command(command, asked, writing)
        os.close(writing)
        if asked["traced"]:
            tracer = _Tracer(fork, asked["die"], asked["after"], asked["names"])
            result = {"code": tracer.run(), "points": tracer.points, "sent": tracer.sent}
        else:
            with open(reading, closefd=False) as modules:
                loaded = modules.read().split()
            result = {"code": os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]), "points": [], "sent": []}
            for name in loaded:  # so that the next forks have it
                if name not in sys.modules:
                    with suppress(ImportError):
                        importlib.import_module(name)
            gc.freeze()
        os.close(reading)
        print(json.dumps(result), flush=True)
    os._exit(0)


def _be_the_command(command: Callable[[Sequence[str]], int], asked: Mapping[str, Any], modules: int) -> NoReturn:
    """Run the command as a fork, and end with its code; an untraced one tells what it imported."""
    code = 1
    try:
        output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream, number in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
            os.dup2(stream, number)
        os.environ.update(asked["environment"])
        names: dict[str, Any] = {"command": command}
        exec(asked["change"], names)
        if asked["traced"]:
            _name_steps()
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            _stop_at_calls()
        code = names["command"](asked["arguments"])
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    if not asked["traced"]:
        os.write(modules, "\n".join(sys.modules).encode())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
