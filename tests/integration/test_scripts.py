"""What scripts/reactor does before Python runs, and scripts/pack, with stand-ins for installers."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.limits import PATIENCE_S

REPOSITORY = Path(__file__).parent.parent.parent

# Stands for uv: `uv venv … FOLDER` makes an interpreter, `uv pip install` the command, each counted.
UV = """#!/bin/sh
echo "$1" >> "{root}/calls"
{behaviour}
for last; do :; done
if [ "$1" = venv ]; then
    mkdir -p "$last/bin"
    ln -sf "{python}" "$last/bin/python"
else
    printf '#!/bin/sh\\npwd\\nfor a; do echo "$a"; done\\n' > "{root}/.venv/bin/reactor"
    chmod +x "{root}/.venv/bin/reactor"
fi
"""


class Checkout:
    """A copy of what the script needs, in a folder with a space in its name."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.tools = folder / "tools"
        self.elsewhere = folder / "elsewhere"
        for made in (self.root, self.tools, self.elsewhere):
            made.mkdir()
        shutil.copytree(REPOSITORY / "scripts", self.root / "scripts")
        (self.root / "pyproject.toml").write_text("[project]\n")
        (self.tools / "python3.11").symlink_to(sys.executable)
        self.installer("")

    def installer(self, behaviour: str) -> None:
        uv = self.tools / "uv"
        uv.write_text(UV.format(root=self.root, python=sys.executable, behaviour=behaviour))
        uv.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(self.elsewhere)}

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "scripts" / "reactor", *arguments],
            cwd=self.elsewhere,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **environment) as started:
            out, err = started.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(arguments, started.returncode, out, err)

    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_start_sets_up_and_hands_over_arguments_and_folder(checkout: Checkout) -> None:
    done = checkout.run("run", "--path", "a model", "")
    assert done.stdout.split("\n") == [str(checkout.elsewhere), "run", "--path", "a model", "", ""]
    assert "Setting up" in done.stderr
    assert checkout.calls() == ["venv", "pip"]


def test_the_second_start_does_nothing_of_that_and_says_nothing(checkout: Checkout) -> None:
    checkout.run()
    done = checkout.run("run")
    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.calls() == ["venv", "pip"]


def test_a_changed_dependency_file_renews_the_environment(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    checkout.run()
    assert checkout.calls() == ["venv", "pip", "pip"]


def test_a_moved_checkout_is_noticed(checkout: Checkout) -> None:
    checkout.run()
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    checkout.root = moved
    checkout.installer("")
    assert "Setting up" in checkout.run().stderr


def test_of_two_starts_at_once_one_installs(checkout: Checkout) -> None:
    checkout.installer("sleep 2")
    with checkout.start() as first, checkout.start() as second:
        said = first.communicate(timeout=PATIENCE_S)[1] + second.communicate(timeout=PATIENCE_S)[1]
    assert (first.returncode, second.returncode) == (0, 0)
    assert checkout.calls() == ["venv", "pip"]
    assert "waiting for it" in said


def test_an_interrupted_set_up_is_done_again(checkout: Checkout) -> None:
    checkout.installer('[ "$1" = venv ] || sleep 30')
    with checkout.start() as started:
        deadline = time.monotonic() + PATIENCE_S
        while "pip" not in checkout.calls():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(started.pid, 9)
    checkout.installer("")
    assert checkout.run("run").returncode == 0


def test_a_failed_installation_is_told_and_not_taken_for_done(checkout: Checkout) -> None:
    checkout.installer('[ "$1" = venv ] || { echo no such package; exit 1; }')
    for _ in range(2):
        done = checkout.run(PIP_NO_INDEX="1", PIP_FIND_LINKS="")
        assert done.returncode == 1
        assert "no such package" in done.stderr
        assert done.stdout == ""


def test_the_callers_own_environment_is_used_where_the_package_is_installed(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "lib/python3.12/site-packages/reactor_local-0.1.0.dist-info").mkdir(parents=True)
    (own / "bin").mkdir()
    (own / "bin" / "reactor").write_text("#!/bin/sh\necho own\n")
    (own / "bin" / "reactor").chmod(0o755)
    assert checkout.run(VIRTUAL_ENV=str(own)).stdout == "own\n"
    assert checkout.calls() == []


def test_another_environment_of_the_caller_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.run(VIRTUAL_ENV=str(tmp_path / "other")).stdout == f"{checkout.elsewhere}\n"


def test_without_a_new_enough_python_it_says_what_to_install(checkout: Checkout) -> None:
    (checkout.tools / "python3.11").unlink()
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        (checkout.tools / name).write_text("#!/bin/sh\nexit 1\n")
        (checkout.tools / name).chmod(0o755)
    done = checkout.run()
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_it_can_be_called_through_a_link(checkout: Checkout) -> None:
    link = checkout.tools / "reactor"
    link.symlink_to("../a checkout/scripts/reactor")
    checkout.run()
    done = subprocess.run([link, "hi"], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "/\nhi\n"


def test_the_sdk_of_a_clone_is_packed_once(checkout: Checkout) -> None:
    sdk = checkout.root / "clients" / "js"
    tools = sdk / "node_modules" / ".bin"
    for folder in (sdk / "src", tools):
        folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "tsup.config.ts", "README.md"):
        (sdk / name).touch()
    for path, work in ((tools / "tsup", ""), (checkout.tools / "npm", '[ "$1" = ci ] || touch "$4/sdk.tgz"')):
        path.write_text(f'#!/bin/sh\necho "{path.name}" "$1" >> "{checkout.root}/calls"\n{work}\n')
        path.chmod(0o755)
    for _ in range(2):
        subprocess.run([checkout.root / "scripts" / "pack"], env=checkout.environment, check=True, timeout=PATIENCE_S)
    assert (checkout.root / "cli" / "reactor_cli" / "sdk" / "sdk.tgz").exists()
    assert checkout.calls() == ["npm", "ci", "tsup", "--silent", "npm", "pack"]
