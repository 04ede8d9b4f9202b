"""A disk that is full or may not be written, and builds that are killed: nothing is lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = "w: param = 2\nC = (w - {target}) ** 2\nminimize(C, sgd(alpha=0.1))\n"
CURE = "  cure: see that the disk has room and that you may write there, or choose another place"
posix = pytest.mark.skipif(os.name != "posix", reason="uses limits and mounts of POSIX systems")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A folder with the output of a model whose text has changed since."""
    monkeypatch.chdir(tmp_path)
    write_model(3)
    assert derive("build", "m.model").returncode == 0
    write_model(5)
    return tmp_path


def write_model(target):
    Path("m.model").write_text(MODEL.format(target=target), encoding="utf-8")


def derive(*arguments, before="", **settings):
    """A command in a process of its own, which runs the Python text `before` at its start."""
    code = f"import sys; {before}\nfrom derive.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def refused(done, reason):
    assert done.returncode == 1
    assert done.stdout == ""
    error, cure = done.stderr.splitlines()[-2:]
    assert error.startswith("error: ")
    assert error.endswith(f" cannot be written: {reason}")
    assert cure.startswith(CURE)
    assert len(done.stderr) < 2000


# --- a disk of one's own ------------------------------------------------------------------------


def mounted(script, *arguments):
    """Run a shell script where it may mount, in a namespace of its own."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]
    return subprocess.run(
        [*inside, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def may_mount(tmp_path):
    if shutil.which("unshare") is None or mounted("mount -t tmpfs none $1", tmp_path).returncode:
        pytest.skip("mounting is not allowed here")


READ_ONLY = """
mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"
exec "$2" -m derive build "$1/m.model" -o "$1/generated"
"""


@posix
def test_a_read_only_disk_is_an_error_and_keeps_what_is_there(built, may_mount):
    before = tree(built)
    refused(mounted(READ_ONLY, built, sys.executable), os.strerror(errno.EROFS))
    assert tree(built) == before
    shutil.rmtree(built / "generated")
    refused(mounted(READ_ONLY, built, sys.executable), os.strerror(errno.EROFS))
    assert [path.name for path in built.iterdir()] == ["m.model"]


@posix
def test_a_folder_that_may_not_be_written_is_an_error_and_keeps_what_is_there(built):
    output = built / "generated" / "m"
    output.chmod(0o555)
    try:
        if os.access(output, os.W_OK):
            pytest.skip("modes do not stop this user")
        before = tree(built)
        refused(derive("build", "m.model"), os.strerror(errno.EACCES))
        assert tree(built) == before
    finally:
        output.chmod(0o755)
    assert derive("build", "m.model").returncode == 0


FILLED = """
mount -t tmpfs -o size=400k none "$1"; cd "$1"; python="$2"; shift 2
printf "$1" > m.model; "$python" -m derive build m.model 2>/dev/null
printf "$2" > m.model; cp -r generated before
for left in 0 4 40; do
    head -c 400k /dev/zero > filler 2>/dev/null || truncate -s -${left}k filler
    code=0; "$python" -m derive build m.model || code=$?
    echo "$code"; diff -r before generated && echo same; rm filler
done
"$python" -m derive build m.model; "$python" -m derive check m.model
"""


@posix
def test_a_full_disk_is_an_error_and_keeps_what_is_there(tmp_path, may_mount):
    texts = (MODEL.format(target=target) for target in (3, 5))
    done = mounted(FILLED, tmp_path, sys.executable, *texts)
    assert done.stdout.splitlines() == ["1", "same"] * 3
    full = f"error: generated/m cannot be written: {os.strerror(errno.ENOSPC)}"
    assert done.stderr.splitlines().count(full) == 3
    assert done.stderr.endswith("m: verified, written to generated/m\nm: up to date\n")
    assert done.returncode == 0


@posix
@pytest.mark.parametrize("most", [0, 6000])
def test_a_file_that_may_not_be_so_large_is_an_error_and_keeps_what_is_there(built, most):
    before = tree(built)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    refused(derive("build", "m.model", before=limit), os.strerror(errno.EFBIG))
    assert tree(built) == before
    assert derive("build", "m.model").returncode == 0
    assert derive("check", "m.model").returncode == 0


# --- builds that are killed ---------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks processes, to kill them")
def test_a_few_builds_are_killed_and_leave_nothing_mixed():
    script = Path(__file__).with_name("kill_builds.py")
    done = subprocess.run(
        [sys.executable, script, "--kills", "4", "--seed", "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("4 builds of 2 models were killed, seed 7:\n")
    assert "no mixed tree was called current" in done.stdout


@posix
def test_a_build_that_is_ended_politely_leaves_what_was_there(built):
    before = tree(built)
    stop = "import os, signal, derive.output as o; "
    stop += "o.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGTERM)"
    assert derive("build", "m.model", before=stop).returncode == -signal.SIGTERM
    left = {name: text for name, text in tree(built).items() if ".derive-" not in name}
    assert left == before
    assert derive("build", "m.model").returncode == 0
