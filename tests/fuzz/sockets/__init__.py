"""Random plans with real parts: server processes, sockets, and the provider of our pages in Node.

The plans, the ledger and the judge are those of `fuzz`. What differs is where things happen:

- `site`: server processes on one folder, which are stopped, killed and started again.
- `clients`: collaborators in Python, each with a WebSocket.
- `page`: a collaborator in Node with the provider and the shared models of the front end.
- `stores`: what was written into stores, judged when the servers are gone.
- `world`: carries out a plan.
"""
