"""Takes out of a text what looks like a key, a token or a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

_SECRETS = re.compile(
    r"""(?x)
    (?:sk|pk|rk)-[A-Za-z0-9_-]{8,}              # OpenAI, Anthropic, Stripe style
    | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_\w{20,}
    | hf_[A-Za-z0-9]{16,} | xox[abprs]-[\w-]{10,} | AKIA[0-9A-Z]{12,} | AIza[\w-]{20,}
    | eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}      # JSON web token
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)           # user:password@ in a URL
    """,
    re.DOTALL,
)
_NAMED_SECRETS = re.compile(
    r"""(?ix)\b([\w.-]{0,80}(?:api[_-]?key|secret|token|passwd|password|authorization|bearer)[\w-]{0,80}["']?\]?\s*[:=]\s*
    (?:bearer\s+)?)(["']?)([^\s"',;)]{6,})\2"""
)


def redact(text: str) -> str:
    """Return the text with anything that looks like a key, token or password replaced by `[redacted]`."""
    return _NAMED_SECRETS.sub(r"\1\2[redacted]\2", _SECRETS.sub("[redacted]", text))


def redact_outputs(
    outputs: Sequence[dict[str, Any]], scrub: Callable[[str], str] = redact
) -> tuple[dict[str, Any], ...]:
    """Return nbformat outputs with every text in them scrubbed; images and other bulk stay as they are."""
    return tuple({key: _scrubbed(key, value, scrub) for key, value in output.items()} for output in outputs)


def _scrubbed(key: str, value: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return [_scrubbed(key, item, scrub) for item in value]
    if key == "data" and isinstance(value, dict):
        return {
            mime: _scrubbed(mime, held, scrub) if mime.startswith("text/") else held for mime, held in value.items()
        }
    return value
