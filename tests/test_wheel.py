"""What a user installs is all that the command needs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.iterdir()
    assert path.name.startswith("derive_grad-")
    return path


def shipped(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


def files(folder, *patterns):
    found = {path for pattern in patterns for path in (ROOT / folder).rglob(pattern)}
    return {path.relative_to(ROOT / folder).as_posix() for path in found}


def test_the_wheel_holds_the_package_and_its_templates(wheel):
    suffixes = ("*.py", "*.model", "*.rule", "*.toml", "*.woff2", "README.md", "py.typed")
    package = {f"derive/{name}" for name in files("derive", *suffixes)}
    templates = {f"derive/_templates/{name}" for name in files("templates", "*.j2")}
    metadata = {name for name in shipped(wheel) if ".dist-info/" in name}
    assert shipped(wheel) - metadata == package | templates
    assert templates != set()
    assert {"derive/gallery/neuron.model", "derive/starter.model"} <= package
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


def test_the_wheel_works_where_the_checkout_is_not(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    site = str(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {site!r})\n"
        f"import derive; assert derive.__file__.startswith({site!r})\n"
        "from derive.cli import main; sys.exit(main(['build', 'neuron', '-o', 'out']))"
    )
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found = {path.name for path in (tmp_path / "out" / "neuron").iterdir()}
    documents = {f"derivation.{suffix}" for suffix in ("tex", "html", "md")}
    assert found == {*documents, "graph.svg", "run.svg", "update.py", "certificate.json"}
