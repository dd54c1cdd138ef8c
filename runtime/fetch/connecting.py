"""Connections of scripts: every address is judged at the moment of connecting to it.

A name is looked up once and connected to by the answer that was judged, so that it cannot mean
something else a moment later; a name with a public and a private answer is not half trusted.
"""

import socket
import ssl
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from runtime.fetch.addresses import Policy


class AddressRefused(OSError):
    """The message says what was refused, for the script's author."""


class GuardedResolver(AbstractResolver):
    """Looks names up through another resolver and judges all that it answers."""

    def __init__(self, resolver: AbstractResolver, policy: Policy) -> None:
        self._resolver = resolver
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = await self._resolver.resolve(host, port, family)
        for answer in answers:
            if not self._policy.allows(ip_address(answer["host"])):
                raise AddressRefused(
                    f"{host} leads to an address that is not on the public internet"
                )
        return answers

    async def close(self) -> None:
        await self._resolver.close()


def guarded_connector(
    resolver: AbstractResolver, policy: Policy, tls: ssl.SSLContext, connections: int
) -> aiohttp.TCPConnector:
    """No connection is used twice: what one guild leaves in it would meet another guild.
    connections: how many there may be; who comes then waits until one ends."""

    def make_socket(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, (address, *_) = info
        if not policy.allows(ip_address(address)):
            raise AddressRefused(f"{address} is not on the public internet")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=GuardedResolver(resolver, policy),
        socket_factory=make_socket,
        use_dns_cache=False,
        force_close=True,
        limit=connections,
        ssl=tls,
    )


def tls_context(extra_authorities: str = "") -> ssl.SSLContext:
    """extra_authorities: a PEM file of certificates that are trusted beside the system's."""
    context = ssl.create_default_context()
    if extra_authorities:
        context.load_verify_locations(extra_authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context
