"""Takes out of a text what looks like a key, a token or a password."""

from __future__ import annotations

import re

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
    r"""(?ix)\b([\w.-]*(?:api[_-]?key|secret|token|passwd|password|authorization|bearer)[\w-]*["']?\]?\s*[:=]\s*
    (?:bearer\s+)?)(["']?)([^\s"',;)]{6,})\2"""
)


def redact(text: str) -> str:
    """Return the text with anything that looks like a key, token or password replaced by `[redacted]`."""
    return _NAMED_SECRETS.sub(r"\1\2[redacted]\2", _SECRETS.sub("[redacted]", text))
