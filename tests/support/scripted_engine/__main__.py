"""The engine as a process of its own, so that its clock never waits for a test. Commands are JSON lines on
stdin, each answered by one JSON line on stdout; the first line out says where it listens."""

import asyncio
import json
import os
import sys

from .server import ScriptedEngine


class Control:
    def __init__(self, engine: ScriptedEngine) -> None:
        self._engine = engine
        self._server: asyncio.Server | None = None
        self._port = 0

    async def listen(self) -> dict:
        self._server = await asyncio.start_server(self._engine.on_connection, "127.0.0.1", self._port,
                                                  limit=1 << 20, reuse_address=True, backlog=8192)
        self._port = self._server.sockets[0].getsockname()[1]
        return {"port": self._port}

    async def refuse(self) -> dict:
        """Closes the listening socket: new connections are refused until `listen`."""
        self._server.close()
        return {}

    async def log(self, clear: bool = False) -> dict:
        entries = list(self._engine.log)
        if clear:
            self._engine.log.clear()
        return {"log": entries, "accepted": self._engine.accepted}

    async def defaults(self, script: dict) -> dict:
        self._engine.defaults = script
        return {}

    async def health(self, state: str) -> dict:
        self._engine.health = state
        return {}

    async def become(self, persona: str, model: str) -> dict:
        self._engine.persona, self._engine.model = persona, model
        return {}

    async def drop(self) -> dict:
        self._engine.drop_connections()
        return {}


def prefer_this_process() -> None:
    """The engine's log is the reference that others are judged by, so it goes first where that is allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        pass  # an ordinary user; on a quiet machine it makes no difference


async def main() -> None:
    prefer_this_process()
    control = Control(ScriptedEngine())
    print(json.dumps(await control.listen()), flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        reply = await getattr(control, command.pop("do"))(**command)
        print(json.dumps(reply), flush=True)


asyncio.run(main())
