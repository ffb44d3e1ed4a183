import subprocess
import sys

import reactor_runtime


def test_all_names_exist_and_every_public_name_is_listed() -> None:
    public = {
        name
        for name, value in vars(reactor_runtime).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("reactor_runtime")
    }
    assert public == set(reactor_runtime.__all__)
    assert list(reactor_runtime.__all__) == sorted(reactor_runtime.__all__)


def test_importing_loads_nothing_but_the_standard_library() -> None:
    script = (
        "import sys; before = set(sys.modules); import reactor_runtime;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = set(_python(script).split())
    assert loaded - set(sys.stdlib_module_names) <= {"reactor_runtime"}


def test_a_frame_needs_numpy_only() -> None:
    script = (
        "import sys, reactor_runtime.frames;"
        "print(*[name for name in ('pydantic', 'msgspec', 'torch', 'livekit') if name in sys.modules])"
    )
    assert not _python(script).split()


def _python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout
