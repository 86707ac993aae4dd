"""The physical limit: a Tornado WebSocket broadcaster that copies bytes and knows no CRDT.

python -m rtcbench.relay PORT
"""

import sys
from contextlib import suppress

from tornado.ioloop import IOLoop
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

ROOMS: dict[str, set[WebSocketHandler]] = {}


class Relay(WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return True

    def open(self, room: str) -> None:
        self.set_nodelay(True)
        self.members = ROOMS.setdefault(room, set())
        self.members.add(self)

    def on_message(self, message: bytes) -> None:
        for member in self.members:
            if member is not self:
                with suppress(WebSocketClosedError):
                    member.write_message(message, binary=True)

    def on_close(self) -> None:
        self.members.discard(self)


if __name__ == "__main__":
    Application([(r"/(.*)", Relay)], websocket_max_message_size=1 << 30).listen(
        int(sys.argv[1]), "127.0.0.1"
    )
    IOLoop.current().start()
