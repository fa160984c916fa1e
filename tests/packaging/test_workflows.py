"""GitHub's workflows: of GitHub's own schema, with no more rights than they use, naming only what is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EACH = pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])


def read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            yield f"{path.stem}/{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, job in jobs():
        for step in job.get("steps", ()):
            yield name, job, step


def scripts() -> Iterator[tuple[str, str]]:
    """The steps that sh or bash runs."""
    for name, _, step in steps():
        if "run" in step and step.get("shell", "bash") == "bash":
            yield f"{name}: {step['name']}", step["run"]


def by_schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_there_are_workflows_for_every_change_and_for_a_release() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


@EACH
def test_a_workflow_is_of_githubs_schema(path: Path) -> None:
    said = by_schema(path)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_schema_finds_a_slip(tmp_path: Path) -> None:
    slip = tmp_path / "slip.yml"
    slip.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert by_schema(slip).returncode != 0


def test_others_actions_are_pinned_to_a_commit_one_for_each() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            if not line.startswith("./"):
                match = re.fullmatch(r"(actions/[a-z-]+)@([0-9a-f]{40}) # v[\d.]+", line)
                assert match, line
                pins.setdefault(match[1], set()).add(match[2])
            else:
                assert (ROOT / line).is_file()
    assert pins
    assert all(len(hashes) == 1 for hashes in pins.values()), pins


def test_a_job_may_read_and_only_the_draft_may_write() -> None:
    assert all(read(path)["permissions"] == {} for path in WORKFLOWS)
    rights = {name: job["permissions"] for name, job in jobs()}
    assert {name for name, right in rights.items() if right != {"contents": "read"}} == {"release/draft"}
    assert rights["release/draft"] == {"contents": "write"}


def test_secrets_are_seen_by_the_jobs_that_sign_alone_and_by_no_other_persons_change() -> None:
    for path in WORKFLOWS:
        triggers = read(path)[True]  # YAML 1.1 reads "on" as true
        assert "pull_request_target" not in triggers
        for name, job in read(path)["jobs"].items():
            if "secrets." in str(job):
                assert job["environment"] == "signing", name
                assert "pull_request" not in triggers


def test_a_checkout_leaves_no_token_behind() -> None:
    found = [step for _, _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert found
    assert all(step["with"]["persist-credentials"] is False for step in found)


def test_a_job_that_hangs_is_ended() -> None:
    assert all("timeout-minutes" in job for _, job in jobs() if "steps" in job)


def test_scripts_take_words_from_outside_as_variables_only() -> None:
    assert [name for name, script in scripts() if "${{" in script] == []


@pytest.mark.parametrize(("name", "script"), list(scripts()), ids=[name for name, _ in scripts()])
def test_a_script_is_one_that_bash_reads(name: str, script: str, tmp_path: Path) -> None:
    file = tmp_path / "step.sh"
    file.write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{script}", encoding="utf-8")
    subprocess.run(["bash", "-n", str(file)], check=True)
    if shutil.which("shellcheck"):
        said = subprocess.run(["shellcheck", str(file)], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout


def test_every_file_that_a_script_names_is_in_the_project() -> None:
    named = {
        word
        for _, script in scripts()
        for word in re.findall(r"(?<![\w/.$\"-])((?:packaging|\.ci|requirements)[\w./-]*)", script)
    }
    assert {"packaging/csr-desktop.spec", "packaging/macos/mac_release.py", ".ci/run"} <= named
    assert [word for word in sorted(named) if not (ROOT / word).is_file()] == []
    run = [(ROOT / ".ci" / "run").read_text(encoding="utf-8"), *(script for _, script in scripts())]
    targets = {target for script in run for target in re.findall(r"^ *make ([a-z-]+)$", script, re.MULTILINE)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"test", "package-twice", "prove-package"} <= targets
    assert all(re.search(rf"^(?:[a-z-]+ )*{target}:", makefile, re.MULTILINE) for target in targets)


def test_what_a_job_takes_another_before_it_has_made() -> None:
    made = {name: set[str]() for name, _ in jobs()}
    for name, job, step in steps():
        if step.get("uses", "").startswith("actions/upload-artifact@"):
            machines = [entry["machine"] for entry in job.get("strategy", {}).get("matrix", {}).get("include", [])]
            label = step["with"]["name"]
            made[name] |= {label.replace("${{ matrix.machine }}", machine) for machine in machines or [""]}
            assert step["with"]["if-no-files-found"] == "error"
    for name, job, step in steps():
        if step.get("uses", "").startswith("actions/download-artifact@"):
            wanted = step["with"].get("name") or step["with"]["pattern"].strip("{}")
            needs = job["needs"] if isinstance(job["needs"], list) else [job["needs"]]
            called = {"release/linux": "ci/linux"}
            before = set().union(*(made[called.get(f"release/{need}", f"release/{need}")] for need in needs))
            assert set(wanted.split(",")) <= before, name


def test_a_package_that_wine_froze_reaches_no_release() -> None:
    (made,) = [step["with"] for name, _, step in steps() if name == "ci/linux" and "upload" in step.get("uses", "")]
    assert "!build/package/*.msi" in made["path"].split()


def test_the_draft_has_every_package_and_bill_with_checksums_that_fit(tmp_path: Path) -> None:
    parts = {
        "linux/csr-desktop_1.2.3_amd64.deb",
        "linux/csr-desktop.cdx.json",
        "linux/SHA256SUMS",
        "windows/csr-desktop-1.2.3-x64.msi",
        "windows/csr-desktop-windows.cdx.json",
        "windows/guides/it.md",
        "windows/guides/policy/csr-desktop.admx",
        "windows/guides/policy/en-US/csr-desktop.adml",
        "macos-arm64/csr-desktop-1.2.3-arm64.pkg",
        "macos-arm64/csr-desktop-1.2.3-arm64.dmg",
    }
    for part in parts:
        path = tmp_path / "parts" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(part, encoding="utf-8")
    (script,) = [script for name, script in scripts() if name == "release/draft: Checksums of everything"]
    environment = {"PATH": os.environ["PATH"], "GITHUB_REF_NAME": "v1.2.3"}
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, env=environment, check=True)
    release = tmp_path / "release"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=release, check=True)
    named = {line.split()[1] for line in (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    files = {part.rpartition("/")[2] for part in parts if "/guides/" not in part} - {"SHA256SUMS"}
    assert named == files | {"csr-desktop-guides-1.2.3.zip"}
    with zipfile.ZipFile(release / "csr-desktop-guides-1.2.3.zip") as made:
        names = {name for name in made.namelist() if not name.endswith("/")}
    assert names == {"it.md", "policy/csr-desktop.admx", "policy/en-US/csr-desktop.adml"}


def test_what_others_write_goes_in_by_its_hash() -> None:
    for name, script in scripts():
        for line in script.splitlines():
            if " install " in line and "pip" in line:
                assert "--require-hashes" in line or "--no-index" in line, name
