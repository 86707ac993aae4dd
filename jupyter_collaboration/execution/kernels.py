"""The kernels of a server: how to reach them, and what anybody does to them.

Responsible for the server's manager of kernels, whose methods it follows, so that it does not
matter by which route a kernel is interrupted, restarted or shut down. What that means for runs
belongs to `queue`.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from logging import Logger
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_server import CallContext
from jupyter_server.gateway.managers import GatewayMappingKernelManager
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from .channels import Channels, GatewayChannels, LocalChannels
from .kernel_errors import KernelErrors
from .queue import KernelQueue, Outcome, Person, Result

RESTART_LIMIT = 15.0
"""Seconds that the server's manager of kernels has to start a dead kernel again."""


class Kernels:
    """The kernels of a server.

    Args:
        manager: the server's manager of kernels.
        queues: the queues of kernels that have one, by the kernels' ids.
        gone: called with a queue whose kernel was shut down.
        log: the server's log.
    """

    def __init__(
        self,
        manager: Any,
        queues: Mapping[str, KernelQueue],
        gone: Callable[[KernelQueue], None],
        log: Logger,
    ) -> None:
        self._manager = manager
        self._queues = queues
        self._gone = gone
        self._log = log
        self._errors = KernelErrors()
        self._restarting: Counter[str] = Counter()
        self._dead_since: dict[str, float] = {}
        self._follow()

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self._manager

    @property
    def _are_elsewhere(self) -> bool:
        return isinstance(self._manager, GatewayMappingKernelManager)

    def is_restarting(self, kernel_id: str) -> bool:
        """Return whether somebody restarts a kernel now."""
        return kernel_id in self._restarting

    def last_lines(self, kernel_id: str) -> str:
        """Return the last lines that a kernel wrote to its standard error."""
        return self._errors.last_lines(kernel_id)

    async def interrupt(self, kernel_id: str) -> None:
        """Interrupt a kernel."""
        await ensure_async(self._manager.interrupt_kernel(kernel_id))

    def connect(self, kernel_id: str, session: str) -> Channels:
        """Return new channels to a kernel.

        Args:
            session: the same as that of lost channels to receive what came meanwhile.
        """
        if self._are_elsewhere:
            return GatewayChannels(kernel_id, session, self._log)
        return LocalChannels(self._manager.get_kernel(kernel_id), self._log)

    async def is_alive(self, kernel_id: str) -> bool:
        """Return whether a kernel runs, or is about to be started again."""
        if kernel_id not in self._manager:
            return False
        if self._are_elsewhere:
            return await self._is_elsewhere(kernel_id)
        if await ensure_async(self._manager.is_alive(kernel_id)):
            self._dead_since.pop(kernel_id, None)
            return True
        if not getattr(self._manager.get_kernel(kernel_id), "autorestart", False):
            return False
        now = asyncio.get_running_loop().time()
        return now - self._dead_since.setdefault(kernel_id, now) < RESTART_LIMIT

    async def _is_elsewhere(self, kernel_id: str) -> bool:
        """Ask the gateway for a kernel, which it may have removed without a word."""
        kernel = self._manager.get_kernel(kernel_id)
        try:
            await ensure_async(kernel.is_alive())
        except (HTTPError, OSError):
            return True  # as far as anybody knows: the gateway cannot be reached
        return bool(kernel.has_kernel)

    def watch(self, kernel_id: str, queue: KernelQueue) -> None:
        """Follow a kernel that dies and is started again by its manager."""
        if self._are_elsewhere:
            return

        def restarted() -> None:
            self._dead_since.pop(kernel_id, None)
            queue.restarted_by_itself()

        def died() -> None:
            queue.died("The kernel died again and again, and is not started any more.")

        self._manager.add_restart_callback(kernel_id, restarted, "restart")
        self._manager.add_restart_callback(kernel_id, died, "dead")

    def _follow(self) -> None:
        """Follow what anybody does to a kernel, by whichever route."""
        manager = self._manager
        manager.interrupt_kernel = self._before(manager.interrupt_kernel, self._on_interrupt)
        manager.restart_kernel = self._around_restart(manager.restart_kernel)
        manager.shutdown_kernel = self._before(manager.shutdown_kernel, self._before_shutdown)
        if os.name == "posix" and not self._are_elsewhere:
            manager.start_kernel = self._with_errors(manager.start_kernel)

    def _with_errors(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Follow the standard error of kernels that are started as processes of this server."""

        @wraps(method)
        async def followed(*args: Any, **options: Any) -> Any:
            kernel_id = options.get("kernel_id") or self._manager.new_kernel_id()
            if kernel_id in self._manager or not self._is_process(options.get("kernel_name")):
                return await ensure_async(method(*args, **options))
            options["kernel_id"] = kernel_id
            options.setdefault("stderr", self._errors.follow(kernel_id))
            try:
                return await ensure_async(method(*args, **options))
            except BaseException:
                self._errors.forget(kernel_id)
                raise

        return followed

    def _is_process(self, kernel_name: str | None) -> bool:
        """Return whether a kernel is started in the usual way, as a process of this server."""
        manager = self._manager
        try:
            name = kernel_name or manager.default_kernel_name
            spec = manager.kernel_spec_manager.get_kernel_spec(name)
        except NoSuchKernel:
            return False  # the manager says so
        factory = KernelProvisionerFactory.instance(parent=manager)
        usual = factory.default_provisioner_name == "local-provisioner"
        return usual and "kernel_provisioner" not in spec.metadata

    def _before(
        self, method: Callable[..., Any], before: Callable[[KernelQueue, Person | None], None]
    ) -> Callable[..., Any]:
        @wraps(method)
        async def followed(kernel_id: str, *args: Any, **options: Any) -> Any:
            queue = self._queues.get(kernel_id)
            if queue is not None:
                before(queue, _current_person())
            result = await ensure_async(method(kernel_id, *args, **options))
            if kernel_id not in self._manager:
                self._forget(kernel_id)
            return result

        return followed

    def _around_restart(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        async def followed(kernel_id: str, *args: Any, **options: Any) -> Any:
            queue = self._queues.get(kernel_id)
            self._restarting[kernel_id] += 1
            if queue is not None:
                queue.restarting(_current_person())
            try:
                return await ensure_async(method(kernel_id, *args, **options))
            finally:
                self._restarting[kernel_id] -= 1
                if not self._restarting[kernel_id]:
                    del self._restarting[kernel_id]
                    queue = self._queues.get(kernel_id)  # it may have been made meanwhile
                    if queue is not None:
                        queue.restarted()

        return followed

    def _forget(self, kernel_id: str) -> None:
        """Drop what belongs to a kernel that is gone."""
        self._errors.forget(kernel_id)
        self._dead_since.pop(kernel_id, None)
        queue = self._queues.get(kernel_id)
        if queue is not None:  # it was being restarted
            self._on_shutdown(queue, _current_person())

    def _on_interrupt(self, queue: KernelQueue, by: Person | None) -> None:
        queue.interrupted(by)

    def _before_shutdown(self, queue: KernelQueue, by: Person | None) -> None:
        """End the runs, unless the kernel is shut down as a part of its restart."""
        if queue.kernel_id not in self._restarting:
            self._on_shutdown(queue, by)

    def _on_shutdown(self, queue: KernelQueue, by: Person | None) -> None:
        reason = "The kernel was shut down."
        queue.close(Result(Outcome.SHUT_DOWN, reason, by))
        self._gone(queue)


def _current_person() -> Person | None:
    """Return whose request is being processed; None if it is the server itself.

    Jobs that a request has started, such as the culler of kernels, still have it as their context.
    """
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    if getattr(handler, "_finished", True):
        return None
    user = getattr(handler, "current_user", None)
    username = getattr(user, "username", None)
    if not username:
        return None
    return Person(str(username), str(getattr(user, "display_name", "") or username))
