"""HTTP and WebSocket routes: parse, authorize, call, reply."""
