"""Puts the simulated Discord together as one server: REST, gateway, attachments, control."""

import hmac
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.sandbox.server.control import Control
from gateway.sandbox.server.demo import Demo, make_demo
from gateway.sandbox.server.gateway import Gateway
from gateway.sandbox.server.interactions import Interactions
from gateway.sandbox.server.kept_commands import KeptCommands
from gateway.sandbox.server.rest import PREFIX, Rest
from gateway.sandbox.server.world import World

# Discord's limit for uploads is 10 MiB a file, ten files a message.
MAX_BODY = 110 << 20


@dataclass(frozen=True)
class Options:
    """token: the bot's; control_key: for the people's side; commands: the file that keeps them."""

    port: int
    token: str
    control_key: str
    commands: Path


def make_app(options: Options) -> tuple[web.Application, Demo]:
    world = World(attachments_at=f"http://127.0.0.1:{options.port}")
    demo = make_demo(world)
    KeptCommands(options.commands, world).restore()
    rest = Rest(world, options.token)
    control = Control(world, Interactions(world), demo)
    authorization = f"Bearer {options.control_key}".encode()

    async def serve_control(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, authorization):
            raise web.HTTPUnauthorized(text="the control key is missing or wrong")
        return await control.serve(request)

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_get("/gateway/", Gateway(world, options.token).serve)
    app.router.add_get("/control", serve_control)
    app.router.add_get(r"/attachments/{channel:\d+}/{attachment:\d+}/{name}", rest.serve_attachment)
    app.router.add_route("*", PREFIX + "/{tail:.*}", rest.serve)
    return app, demo
