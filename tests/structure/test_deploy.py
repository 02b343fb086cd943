"""The check of deploy/ finds what is wrong, and what starts before the server does what it says."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.structure_source import ROOT
from tools.deploy import binaries, chart, cli_words, compose, images, pods, reach

SECURE = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
RESOURCES = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
POD: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "c", "image": "x/y:1", "securityContext": SECURE, "resources": RESOURCES}],
    },
}


def test_a_sound_pod_has_no_faults() -> None:
    assert not [*pods.security_faults(POD), *pods.container_faults(POD)]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("securityContext", "runAsNonRoot"), False, "root"),
        (("securityContext", "seccompProfile"), {}, "seccomp"),
        (("hostNetwork",), True, "host"),
        (("volumes",), [{"name": "v", "hostPath": {"path": "/"}}], "not allowed"),
        (("containers", 0, "securityContext", "privileged"), True, "privileges"),
        (("containers", 0, "securityContext", "capabilities"), {"add": ["SYS_ADMIN"]}, "capabilities"),
        (("containers", 0, "image"), "x/y:latest", "version"),
        (("containers", 0, "image"), "host:5000/y", "version"),
        (("containers", 0, "resources", "limits"), {}, "needs"),
        (("containers", 0, "resources", "requests"), {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}, "nvidia"),
        (("containers", 0, "env"), [{"name": "A"}, {"name": "A"}], "twice"),
        (("containers", 0, "volumeMounts"), [{"name": "gone", "mountPath": "/x"}], "gone"),
        (("containers", 0, "livenessProbe"), {"httpGet": {"port": "http"}}, "livenessProbe"),
    ],
)
def test_a_fault_of_a_pod_is_found(path: tuple[str | int, ...], value: Any, says: str) -> None:
    pod = copy.deepcopy(POD)
    place: Any = pod["spec"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert any(says in fault for fault in (*pods.security_faults(pod), *pods.container_faults(pod)))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("ScaledObject", {"triggers": []}),
        ("ScaledObject", {"minReplicas": 1}),
        ("ServiceMonitor", {"endpoints": [{"path": "/metrics"}]}),
        ("LocalQueue", {"clusterqueue": "x"}),
    ],
)
def test_a_fault_of_a_custom_resource_is_found(kind: str, change: dict[str, Any]) -> None:
    sound: dict[str, Any] = {
        "ScaledObject": {
            "scaleTargetRef": {"name": "x"},
            "triggers": [
                {"type": "prometheus", "metadata": {"serverAddress": "http://p", "query": "q", "threshold": "1"}}
            ],
        },
        "ServiceMonitor": {"selector": {"matchLabels": {}}, "endpoints": [{"port": "http"}]},
        "LocalQueue": {"clusterQueue": "x"},
    }
    schema = json.loads((chart.SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    version = schema["properties"]["apiVersion"]["const"]
    one = {"apiVersion": version, "kind": kind, "metadata": {"name": "n"}, "spec": sound[kind]}
    assert not [*chart.schema_faults(one)]
    assert [*chart.schema_faults({**one, "spec": sound[kind] | change})]


def test_a_misspelt_field_and_an_unknown_kind_are_found() -> None:
    one = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"}, "spec": {"ports": [], "selectr": {}}}
    assert any("selectr" in fault for fault in chart.schema_faults(one))
    assert any("no schema" in fault for fault in chart.schema_faults({**one, "kind": "Servant"}))


def test_policies_are_read_as_a_cluster_reads_them() -> None:
    here: dict[str, Any] = {"namespace": "n"}
    deny = {"metadata": here, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    web, db = reach.Peer("n", {"app": "web"}), reach.Peer("n", {"app": "db"}, {"sql": 5432})
    away = reach.Peer(address="10.1.2.3")
    assert reach.may([], web, db, 5432)
    assert not reach.may([deny], web, db, 5432)
    out = {
        "metadata": here,
        "spec": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": "sql"}]},
                {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}}], "ports": [{"port": 443}]},
            ],
        },
    }
    into = {
        "metadata": here,
        "spec": {
            "podSelector": {"matchLabels": {"app": "db"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "sql"}]}],
        },
    }
    assert not reach.may([deny, out], web, db, 5432)  # the other end refuses
    assert reach.may([deny, out, into], web, db, 5432)
    assert not reach.may([deny, out, into], web, db, 22)
    assert not reach.may([deny, out, into], reach.Peer("other", {"app": "web"}), db, 5432)
    assert reach.may([deny, out], web, away, 443)
    assert not reach.may([deny, out], web, reach.Peer(address="10.9.1.1"), 443)


def test_commands_are_held_to_the_command_line() -> None:
    assert not [*cli_words.faults(["serve", "--host=0.0.0.0", "--no-train", "--allowed-host=a"])]
    assert [*cli_words.faults(["serve", "--hosts=0.0.0.0"])]
    assert [*cli_words.faults(["serve", "--port=many"])]
    assert [*cli_words.faults(["swerve"])]
    assert [*cli_words.faults(["user", "add", "--admin"])]
    assert cli_words.unread(["HOME", "LORALOOM_HOME", "LORALOOM_HOUSE"]) == ["LORALOOM_HOUSE"]
    assert cli_words.script_commands("# loraloom no\nif loraloom user list --json; then\n") == [
        ["user", "list", "--json"]
    ]


def test_variables_are_filled_in_as_compose_does() -> None:
    assert compose.filled("a ${A} ${B:-b} ${C:-c} $$D", {"A": "1", "B": "2"}) == "a 1 2 c $D"
    with pytest.raises(KeyError, match="E"):
        compose.filled("${E:?}", {"E": ""})
    text = "services: {a: {environment: {PASSED: , SET: '${USED}'}}}"
    assert [*compose.variable_faults(text, "USED=\n#PASSED=\n")] == []
    assert len([*compose.variable_faults(text, "USED=\nOLD=\n")]) == 2


@pytest.mark.parametrize(
    ("service", "change", "says"),
    [
        ("server", {"read_only": False}, "write"),
        ("server", {"ports": ["7860:7860"]}, "beyond"),
        ("postgres", {"user": "0:0"}, "root"),
        ("postgres", {"image": "postgres"}, "version"),
        ("redis", {"cap_drop": []}, "powers"),
        ("server", {"depends_on": {"worker-cpu": {"condition": "service_healthy"}}}, "healthy"),
        ("server", {"depends_on": {"redis": {"condition": "service_completed_successfully"}}}, "again"),
        ("server", {"depends_on": {"worker-gpu": {"condition": "service_started"}}}, "profile"),
    ],
)
def test_a_fault_of_a_service_is_found(service: str, change: dict[str, Any], says: str) -> None:
    text = compose.filled(compose.FILE.read_text(encoding="utf-8"), {"POSTGRES_PASSWORD": "x", **REQUIRED})
    services = yaml.safe_load(text)["services"]
    assert not [*compose.service_faults(services[service], services)]
    assert any(says in fault for fault in compose.service_faults(services[service] | change, services))


REQUIRED = dict.fromkeys(("REDIS_PASSWORD", "LORALOOM_WORKER_TOKEN", "ADMIN_PASSWORD"), "x")


def test_what_an_image_copies_must_be_there_and_reach_the_builder() -> None:
    assert not images.is_ignored("src/loraloom/cli/app.py")
    assert images.is_ignored("tests") and images.is_ignored("web/node_modules")
    faults = [*images.copy_faults("FROM a:1 AS b\nCOPY --from=c /x /x\nCOPY tests gone /y\n")]
    assert [word in fault for word, fault in zip(("stage c", "keeps back", "gone"), faults, strict=True)] == [True] * 3


def test_an_image_must_not_run_as_root() -> None:
    text = images.FILE.read_text(encoding="utf-8")
    assert not [*images.stage_faults(text)]
    assert len([*images.stage_faults(text.replace("USER 10001:10001", "USER root"))]) == 2
    assert any("no version" in fault for fault in images.stage_faults(text.replace(":3.11-slim-bookworm", "")))


@pytest.mark.skipif(sys.platform == "win32", reason="prepare.sh is for the images")
def test_prepare_makes_the_tables_and_the_first_administrator_once(tmp_path: Path) -> None:
    home, secret = tmp_path / "home", tmp_path / "password"
    secret.write_text("correct horse battery\nnot this line\n", encoding="utf-8")
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    around = {**os.environ, "PATH": places, "LORALOOM_HOME": str(home), "LORALOOM_DATABASE": "", "TRIES": "1"}

    def prepare(**more: str) -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", str(images.PREPARE)]
        return subprocess.run(command, env={**around, **more}, capture_output=True, text=True, check=False)

    short = prepare(ADMIN_PASSWORD="short")
    assert short.returncode == 1 and "8 letters" in short.stderr
    first = prepare(ADMIN_NAME="ada", ADMIN_PASSWORD_FILE=str(secret))
    assert first.returncode == 0 and "ada may log in and change everything" in first.stdout
    again = prepare(ADMIN_NAME="eve", ADMIN_PASSWORD="another word")
    assert again.returncode == 0 and "may log in" not in again.stdout

    from loraloom.store import users
    from loraloom.store.database import Database, sqlite_url

    database = Database(sqlite_url(home))
    with database.session() as session:
        assert [user.name for user in users.list_users(session)] == ["ada"]
        assert users.check_login(session, "ada", "correct horse battery") is not None
    database.close()
    nowhere = prepare(LORALOOM_DATABASE="postgresql+psycopg://nobody@127.0.0.1:1/none", ADMIN_PASSWORD="x" * 9)
    assert nowhere.returncode == 1 and "database" in nowhere.stderr


@pytest.mark.skipif(not binaries.LAYER.is_file(), reason="helm is not there: `npm ci` in deploy/")
def test_values_of_the_chart_that_must_be_refused_are() -> None:
    done = binaries.helm("template", "x", str(chart.CHART), "--set", "workers[0].name=a,workers[0].labells[0]=b")
    assert done.returncode and "labells" in done.stderr


def test_every_value_is_described_by_the_schema() -> None:
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text(encoding="utf-8"))
    schema = json.loads((chart.CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert set(values) == set(schema["properties"]) - {"global"}
    assert schema["additionalProperties"] is False
    assert (ROOT / "deploy/schemas/README.md").is_file()
