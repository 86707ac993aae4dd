"""A kernel of another language that goes on after errors: it prints its code; ``fail`` fails."""

from __future__ import annotations

from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class PlainKernel(Kernel):
    """A language in which every text is a program that prints itself."""

    implementation = "plain"
    implementation_version = "1"
    banner = "Plain"
    language_info = {  # noqa: RUF012  (the base class declares it so)
        "name": "plain",
        "mimetype": "text/plain",
        "file_extension": ".txt",
    }

    def do_execute(self, code: str, *args: Any, **options: Any) -> dict[str, Any]:
        """Print the code; an error stops nothing else."""
        if code == "fail":
            return {"status": "error", "ename": "Failure", "evalue": code, "traceback": []}
        content = {"name": "stdout", "text": f"{code}\n"}
        self.send_response(self.iopub_socket, "stream", content)
        count = self.execution_count
        return {"status": "ok", "execution_count": count, "payload": [], "user_expressions": {}}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=PlainKernel)
