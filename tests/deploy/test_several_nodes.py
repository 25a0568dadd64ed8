"""Compose, Kubernetes and the Dockerfile fit the program: settings, addresses, users, probes, limits."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.settings import Settings

HOME = "/opt/ims-assistant"
KNOWN = {f"IMS_{field.name.upper()}" for field in fields(Settings)}
WANTED = {"IMS_DATABASE", "IMS_REDIS", "IMS_LINK_SECRET", "IMS_REST_TOKEN", "IMS_METRICS_TOKEN"}
COMPOSE: Any = YAML(typ="safe").load(Path("deploy/compose.yml"))
FOLDER = Path("deploy/kubernetes")
MANIFESTS: dict[str, Any] = {
    one["kind"]: one
    for name in YAML(typ="safe").load(FOLDER / "kustomization.yaml")["resources"]
    for one in YAML(typ="safe").load_all(FOLDER / name)
}
NODES = ["gateway-1", "gateway-2"]


def test_the_settings_of_a_node_exist() -> None:
    for name in NODES:
        given = {key for key in COMPOSE["services"][name]["environment"] if key.startswith("IMS_")}
        assert given <= KNOWN
        assert given >= WANTED
    assert set(re.findall(r"`(IMS_\w+)`", Path("docs/scaling.md").read_text("utf-8"))) >= WANTED


def test_the_capacity_plan_adds_up_to_ten_thousand_chats() -> None:
    text = Path("docs/scaling.md").read_text("utf-8")
    costs = [int(found) for found in re.findall(r"(\d+) ms (?:of processor time|in the engine)", text)]
    assert len(costs) == 2
    a_second = 2 * 0.7 / (sum(costs) / 1000)
    plan = [
        [int(cell.replace(",", "")) for cell in row] for row in re.findall(r"\| ([\d,]+) \| (\d+) \| (\d+) \|", text)
    ]
    assert [chats for chats, _, _ in plan] == [100, 1_000, 10_000]
    for chats, messages, nodes in plan:
        assert messages == chats / 20
        assert nodes == math.ceil(messages / a_second) + 1


def test_nginx_asks_the_nodes_that_there_are() -> None:
    text = Path("deploy/nginx/several.conf").read_text("utf-8")
    assert re.findall(r"server ([\w-]+):8000", text) == NODES


def test_only_nginx_can_be_reached_from_outside() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name, service in COMPOSE["services"].items():
        assert ("ports" in service) == (name == "nginx")
        assert ("outside" in service["networks"]) == (name == "nginx")


def test_every_service_has_a_limit_and_comes_back() -> None:
    for service in COMPOSE["services"].values():
        assert service["mem_limit"]
        assert service["restart"] == "unless-stopped"


def test_no_secret_stands_in_the_files() -> None:
    for file in [Path("deploy/compose.yml"), *FOLDER.glob("*.yaml")]:
        text = file.read_text("utf-8")
        assert not re.search(r"(PASSWORD|TOKEN): *[\"']?\w", text)
        assert "://ims:" not in text.replace("://ims:${IMS_DB_PASSWORD:?}", "")


def container() -> dict[str, Any]:
    (found,) = MANIFESTS["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("probe", "path"), [("startup", "/ready"), ("readiness", "/ready"), ("liveness", "/health")])
def test_a_pod_is_asked_how_it_is(probe: str, path: str) -> None:
    assert container()[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "http"}


def test_a_pod_is_not_killed_because_the_database_is_away() -> None:
    assert container()["livenessProbe"]["httpGet"]["path"] == "/health"


def test_a_pod_has_limits_and_few_rights() -> None:
    pod = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
    assert set(container()["resources"]) == {"requests", "limits"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True
    assert container()["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False


def test_enough_pods_stay_while_machines_are_changed() -> None:
    budget, deployment = MANIFESTS["PodDisruptionBudget"]["spec"], MANIFESTS["Deployment"]["spec"]
    assert 0 < budget["minAvailable"] < deployment["replicas"]
    assert budget["selector"] == deployment["selector"] == {"matchLabels": {"app": "ims-assistant"}}


def test_pods_speak_only_to_what_they_need() -> None:
    policy = MANIFESTS["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {53, 5432, 6379}


def test_what_is_written_has_a_place_and_a_user_of_its_own() -> None:
    text = Path("deploy/Dockerfile").read_text("utf-8")
    user = MANIFESTS["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"--uid {user}" in text
    assert "USER ims" in text
    mounted = {mount["mountPath"] for mount in container()["volumeMounts"]}
    assert mounted == {f"{HOME}/var", f"{HOME}/models", "/tmp"}
