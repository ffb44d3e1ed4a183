"""Images of others that our Dockerfile and compose file name: pulled, or made of packages where none can be pulled.

What is made has the same tag and the same layout: Debian's Python under `/usr/local` for `python`, the programs that
other tests use on a BusyBox for LiveKit and the S3 server. It is for this machine's tests alone: its pip uses the index
that this machine's uses.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reactor_cli.livekit_server.binary import PINNED_VERSION, Binary
from reactor_cli.livekit_server.container import IMAGE as LIVEKIT
from reactor_cli.livekit_server.errors import LiveKitError
from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import Job
from reactor_cli.livekit_server.settings import LiveKitSettings
from support import s3_server

PYTHON = "python:3.11-slim-bookworm"
S3 = f"versity/versitygw:v{s3_server.VERSION}"
IMAGES = (PYTHON, LIVEKIT, S3)
_ANSWER_S = 60.0
_PULL_S = 300.0
_MAKE_S = 900.0  # 50 s on two cores
_CERTIFICATES = Path("usr/local/share/ca-certificates")
_BUNDLE = Path("etc/ssl/certs/ca-certificates.crt")
_PATH = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_APPLETS = ("sh", "wget", "sed", "nproc", "cat", "ls")


class NoEngineError(Exception):
    """The tests in containers can't run here; the text says why."""


def have(tag: str) -> None:
    """Have an image.

    Raises:
        NoEngineError: it can be neither pulled nor made.
    """
    if is_there(tag) or _pulled(tag):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoEngineError(f"{tag} can't be pulled, and making a stand-in needs root and Debian")
    print(f"{tag} can't be pulled: making a stand-in ...", file=sys.stderr, flush=True)
    try:
        _make(tag)
    except (LiveKitError, s3_server.NoS3ServerError, OSError) as error:
        raise NoEngineError(f"no stand-in for {tag}: {error}") from error


def _make(tag: str) -> None:
    with tempfile.TemporaryDirectory(prefix="stand-in-") as folder:
        root = Path(folder, "root")
        root.mkdir()
        if tag == PYTHON:
            _make_python(root)
            _import(root, tag, _PATH, "ENV LANG=C.UTF-8", f"ENV NODE_EXTRA_CA_CERTS=/{_BUNDLE}", 'CMD ["python3"]')
        elif tag == LIVEKIT:
            _make_busybox(root)
            _put_program(_livekit(), root, "livekit-server")
            _import(root, tag, _PATH, 'ENTRYPOINT ["/livekit-server"]')
        else:
            _make_busybox(root)
            _put_program(s3_server.program(), root, "usr/local/bin/versitygw")
            _import(root, tag, _PATH, 'ENTRYPOINT ["/usr/local/bin/versitygw"]')


def is_there(tag: str) -> bool:
    """Whether the engine has the image."""
    try:
        run("docker", "image", "inspect", tag, limit_s=_ANSWER_S)
    except NoEngineError:
        return False
    return True


def install_packages(*packages: str) -> None:
    """Install Debian packages that a test machine lacks; needs root.

    Raises:
        NoEngineError: they can't be had.
    """
    if shutil.which("apt-get") is None:
        raise NoEngineError(f"needs {', '.join(packages)}, and there is no apt-get to install it with")
    run("apt-get", "update", "-qq", limit_s=_MAKE_S)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        *packages,
        limit_s=_MAKE_S,
        environment=environment,
    )


def run(*command: str, limit_s: float, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run a command; return what it printed.

    Raises:
        NoEngineError: it failed; the text has its last words.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=limit_s
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngineError(f"{' '.join(command)}: {error}") from None
    except subprocess.CalledProcessError as error:
        raise NoEngineError(f"{' '.join(command)}: {(error.stdout + error.stderr).strip()[-2000:]}") from None
    return done.stdout


def _pulled(tag: str) -> bool:
    try:
        run("docker", "pull", "--quiet", tag, limit_s=_PULL_S)
    except NoEngineError:
        return False
    return True


def _make_python(root: Path) -> None:
    if shutil.which("debootstrap") is None:
        install_packages("debootstrap")
    packages = "ca-certificates,netbase,python3,python3-venv,tzdata"
    bootstrap = ["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(root)]
    run(*bootstrap, *_mirror(), limit_s=_MAKE_S)
    _lay_out_python(root)


def _lay_out_python(root: Path) -> None:
    """Put Debian's interpreter into a virtual environment at /usr/local, which gives it upstream's layout."""
    for certificate in (Path("/") / _CERTIFICATES).glob("*.crt"):  # a proxy's, for instance
        shutil.copy(certificate, root / _CERTIFICATES)
    (root / "etc/pip.conf").write_text(_pip_settings())
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    inside = ("chroot", str(root), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
    run(*inside, "update-ca-certificates", limit_s=_MAKE_S)
    run(*inside, "python3", "-m", "venv", "/usr/local", limit_s=_MAKE_S)
    run(*inside, "/usr/local/bin/python", "-m", "pip", "install", "--quiet", "--upgrade", "pip", limit_s=_MAKE_S)
    (root / "etc/resolv.conf").write_text("")
    left = ("var/lib/apt/lists", "var/cache/apt", "usr/share/doc", "usr/share/locale", "usr/share/man", "root/.cache")
    for name in left:
        shutil.rmtree(root / name, ignore_errors=True)


def _mirror() -> list[str]:
    """Where this machine gets its packages; nothing: debootstrap's own."""
    targets = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main")
    return run(*targets, "Codename: bookworm", limit_s=_MAKE_S).splitlines()[:1]


def _pip_settings() -> str:
    """What pip in a container needs to reach the index that this machine's pip uses."""
    lines = ["[global]", f"cert = /{_BUNDLE}", "disable-pip-version-check = true"]
    known = dict(
        re.findall(
            r"^global\.([a-z-]+)='(.*)'$", run(sys.executable, "-m", "pip", "config", "list", limit_s=60), re.MULTILINE
        )
    )
    for name in ("index-url", "extra-index-url", "trusted-host"):
        value = os.environ.get(f"PIP_{name.upper().replace('-', '_')}") or known.get(name)
        lines += [f"{name} = {value}"] if value else []
    return "\n".join([*lines, ""])


def _livekit() -> Path:
    settings = LiveKitSettings()
    found = find(Job(settings.cache_dir, lambda _status: None), ("binary", "download", "go"))
    assert isinstance(found, Binary)  # no container among the sources
    path = found.path
    if found.version != PINNED_VERSION:
        raise NoEngineError(f"{path} isn't version {PINNED_VERSION}, which the compose file names")
    return path


def _make_busybox(root: Path) -> None:
    """What upstream's images have of Alpine and we use: a shell, wget for health checks, certificates."""
    with tempfile.TemporaryDirectory(prefix="busybox-") as folder:
        run("apt-get", "update", "-qq", limit_s=_MAKE_S)
        download = ("apt-get", "-o", "APT::Sandbox::User=root", "download", "busybox-static")
        run(*download, limit_s=_MAKE_S, folder=Path(folder))
        (package,) = Path(folder).glob("*.deb")
        run("dpkg-deb", "-x", str(package), folder, limit_s=_MAKE_S)
        for name in ("bin", "etc/ssl/certs", "root", "tmp", "usr/local/bin"):
            (root / name).mkdir(parents=True)
        shutil.copy(Path(folder, "bin/busybox"), root / "bin")
    for applet in _APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    shutil.copy(Path("/") / _BUNDLE, root / _BUNDLE)


def _put_program(program: Path, root: Path, path: str) -> None:
    """Copy a program with the libraries it loads: one that Go built here may need the C library."""
    shutil.copy(program, root / path)
    (root / path).chmod(0o755)
    for library in re.findall(r"(/\S+) \(0x", _libraries(program)):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])


def _libraries(program: Path) -> str:
    try:
        return run("ldd", str(program), limit_s=_ANSWER_S)
    except NoEngineError:  # a static program has none
        return ""


def _import(root: Path, tag: str, *changes: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
        run("tar", "-C", str(root), "-cf", packed.name, ".", limit_s=_MAKE_S)
        settings = [part for change in changes for part in ("--change", change)]
        run("docker", "import", *settings, packed.name, tag, limit_s=_MAKE_S)
