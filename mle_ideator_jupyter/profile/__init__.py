"""What is to be known of data and kernel, computed where the data are.

`profile_frames` looks at a task's frames, `look` at a whole namespace. Neither changes anything,
and importing this module loads no numerical library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mle_ideator_jupyter.facts import Namespace, Profile
    from mle_ideator_jupyter.model import Binding


def profile_frames(train: Any, test: Any, binding: Binding) -> Profile:
    """Return the profile of a task's frames (pandas or polars); `test` may be None.

    The frames are only read, and equal frames give equal profiles. Raises `BindingError`
    when the data cannot be used.
    """
    from mle_ideator_jupyter.profile.frames import profile_frames as run

    return run(train, test, binding)


def look(namespace: Mapping[str, Any]) -> Namespace:
    """Return what the kernel holds, without running any code of the user's.

    Names that begin with an underscore and IPython's own are left out.
    """
    from mle_ideator_jupyter.profile.namespace import look as run

    return run(namespace)
