"""The document type `checklist`: a file such as {"items": ["milk", "bread"]}."""

import json
from functools import partial

from jupyter_ydoc.ybasedoc import YBaseDoc
from pycrdt import Array


class YChecklist(YBaseDoc):
    def __init__(self, ydoc=None, awareness=None):
        super().__init__(ydoc, awareness)
        self.items = self._ydoc.get("items", type=Array)

    @property
    def version(self):
        return "1.0.0"

    def get(self):
        """Return what the file holds."""
        return json.dumps({"items": self.items.to_py()})

    def set(self, value):
        """Take what the file holds."""
        items = json.loads(value)["items"] if value else []
        with self._ydoc.transaction():
            self.items.clear()
            self.items.extend(items)

    def observe(self, callback):
        self.unobserve()
        self._subscriptions[self._ystate] = self._ystate.observe(partial(callback, "state"))
        self._subscriptions[self.items] = self.items.observe(partial(callback, "items"))
