"""Puts the Binder badge into README.md, for the address that `git remote get-url origin` says; `make badge`.

Where there is no such address that others can reach, it says so in one line and changes nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SPOT = re.compile(r"^(?:<!-- binder -->|\[!\[Binder\].*)$", re.MULTILINE)
"""The line that the badge takes, or has taken."""
OPENS = "HEAD?urlpath=lab%2Ftree%2Fbinder%2Fclassification.ipynb"
HOSTS = {"github.com": "gh", "gitlab.com": "gl"}


def served(remote: str) -> str | None:
    """Return Binder's address for a remote, None for one that only this machine or this network can reach."""
    shell = re.fullmatch(r"(?:\w+@)?([\w.-]+\.\w+):(?!//)(.+)", remote)
    if shell:  # git@host:owner/name.git
        host, path = shell.groups()
    else:
        parts = urlsplit(remote)
        if parts.scheme not in {"https", "http", "ssh", "git"} or parts.port:
            return None
        host, path = parts.hostname or "", parts.path
    path = path.strip("/").removesuffix(".git")
    if "." not in host or re.fullmatch(r"[\d.]+", host) or "/" not in path:
        return None
    if host in HOSTS:
        name = path if host == "github.com" else quote(path, safe="")
        return f"https://mybinder.org/v2/{HOSTS[host]}/{name}/{OPENS}"
    return f"https://mybinder.org/v2/git/{quote(f'https://{host}/{path}', safe='')}/{OPENS}"


def badge(root: Path) -> tuple[str, str]:
    """Return README.md with the badge, and what to say of it; the text is unchanged where there is no address."""
    text = (root / "README.md").read_text(encoding="utf-8")
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=root, capture_output=True, text=True, check=False
    )
    remote = asked.stdout.strip()
    address = served(remote)
    if address is None:
        why = f"others cannot reach {remote}" if remote else "there is no remote called origin"
        return text, f"no Binder badge: {why}"
    line = f"[![Binder](https://mybinder.org/badge_logo.svg)]({address})"
    if not SPOT.search(text):
        return text, "no Binder badge: README.md has no line <!-- binder --> for it"
    return SPOT.sub(lambda _: line, text, count=1), f"Binder badge: {address}"


def main() -> int:
    """Write the badge, and return the exit status."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    text, said = badge(root)
    (root / "README.md").write_text(text, encoding="utf-8")
    print(said)
    return 1 if said.startswith("no ") else 0


if __name__ == "__main__":
    sys.exit(main())
