"""What code in the full sandbox may not ask of the kernel: a filter (seccomp) for bubblewrap. Pure.

Namespaces take files, processes and the network away; this takes away what has no namespace, such as sockets to the
machine's host (`AF_VSOCK`), and parts of the kernel that ordinary code never needs and that have often had holes. What
is refused is answered EPERM, other families of sockets EAFNOSUPPORT, and `clone3` ENOSYS: libc then asks for `clone`.
"""

import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
FAMILIES: Final = (1, 2, 10)
"""Unix, IPv4 and IPv6, which see the sandbox's own namespace alone."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE, _FIRST = 0, 4, 16
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32: Final = 0x40000000
_SINCE_424: Final = {428, 429, 430, 431, 432, 433, 425, 426, 427, 438, 442, 447}
"""open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, io_uring, pidfd_getfd, mount_setattr, memfd_secret: of one
number on every machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of machine: its number, and those of what is refused, of `socket` and of `clone3`.

    In this order: ptrace, process_vm_readv, process_vm_writev, kcmp; keyctl, add_key, request_key; bpf,
    perf_event_open, userfaultfd; mount, umount2, pivot_root, chroot, unshare, setns; kexec_load, kexec_file_load,
    init_module, finit_module, delete_module; open_by_handle_at, name_to_handle_at, personality, quotactl, syslog, acct,
    swapon, swapoff, reboot, settimeofday, clock_settime, adjtimex, clock_adjtime, vhangup.
    """

    number: int
    refused: frozenset[int]
    socket: int
    has_x32: bool = False
    clone3: int = 435


# fmt: off
MACHINES: Final[Mapping[str, Machine]] = {
    "x86_64": Machine(0xC000003E, frozenset({
        101, 310, 311, 312, 250, 248, 249, 321, 298, 323, 165, 166, 155, 161, 272, 308, 246, 320, 175, 313, 176,
        304, 303, 135, 179, 103, 163, 167, 168, 169, 164, 227, 159, 305, 153,
    }) | _SINCE_424, socket=41, has_x32=True),
    "aarch64": Machine(0xC00000B7, frozenset({
        117, 270, 271, 272, 219, 217, 218, 280, 241, 282, 40, 39, 41, 51, 97, 268, 104, 294, 105, 273, 106,
        265, 264, 92, 60, 116, 89, 224, 225, 142, 170, 112, 171, 266, 58,
    }) | _SINCE_424, socket=198),
}
# fmt: on


def syscall_filter(name: str | None = None) -> bytes | None:
    """Return the filter for a kind of machine, this one if none is named; None for one that we do not know."""
    machine = MACHINES.get(name or platform.machine())
    return None if machine is None else b"".join(_filter(machine))


def _filter(machine: Machine) -> Iterator[bytes]:
    yield _step(_LOAD, _MACHINE)
    yield _step(_EQUAL, machine.number, 1, 0)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER)
    if machine.has_x32:
        yield from _refuse(_AT_LEAST, _X32, EPERM)
    for number in sorted(machine.refused):
        yield from _refuse(_EQUAL, number, EPERM)
    yield from _refuse(_EQUAL, machine.clone3, ENOSYS)
    yield _step(_EQUAL, machine.socket, 1, 0)
    yield _step(_RETURN, _ALLOW)
    yield _step(_LOAD, _FIRST)
    for family in FAMILIES:
        yield _step(_EQUAL, family, 0, 1)
        yield _step(_RETURN, _ALLOW)
    yield _step(_RETURN, _ERROR | EAFNOSUPPORT)


def _refuse(how: int, number: int, error: int) -> Iterator[bytes]:
    yield _step(how, number, 0, 1)
    yield _step(_RETURN, _ERROR | error)


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
