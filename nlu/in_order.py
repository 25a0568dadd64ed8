"""Runs a trained pipeline without planning each run anew, and knows where a turn ends without asking the policy.

Rasa hands its graph to dask for every message and every prediction; the order of so few parts is always the same. And
after most answers every rule waits for the patient: what would be predicted next is known.
"""

import json
from collections import defaultdict
from typing import Any, NamedTuple

from rasa.core.policies.policy import Policy
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker


class Rule(NamedTuple):
    """What follows an action by one rule, if the message meant `intent` (None: any) and these slots are set."""

    intent: str | None
    slots: tuple[str, ...]
    leads_to: str


class InOrder:
    """Takes the place of Rasa's runner, with the same parts."""

    def __init__(self, runner: DaskGraphRunner) -> None:
        self._nodes: dict[str, GraphNode] = runner._instantiated_nodes
        self._schema = runner._graph_schema
        self._orders: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {}
        self._rules = _rules_after([node._component for node in self._nodes.values()])

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """What these parts of the pipeline say about the inputs."""
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        found: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in self._orders[wanted]:
            found[name] = self._nodes[name](*(found.get(need, need) for need in needs))
        return {name: found[name][1] for name in wanted}

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        needed = self._schema.minimal_graph_schema(list(targets)).nodes
        order: dict[str, tuple[str, ...]] = {}

        def add(name: str) -> None:
            if name in needed and name not in order:
                needs = tuple(needed[name].needs.values())
                for need in needs:
                    add(need)
                order[name] = needs

        for target in targets:
            add(target)
        return list(order.items())

    def waits_after(self, action: str, intent: str | None, tracker: DialogueStateTracker) -> bool:
        """Whether all rules wait for the patient after this action, so that nothing has to be predicted."""
        if tracker.active_loop_name or tracker.followup_action:
            return False
        rules = [rule for rule in self._rules.get(action, ()) if rule.intent in (None, intent)]
        elsewhere = [rule for rule in rules if rule.leads_to != ACTION_LISTEN_NAME]
        possible = [rule for rule in elsewhere if all(tracker.get_slot(name) is not None for name in rule.slots)]
        return len(rules) > len(elsewhere) and not possible


def _rules_after(components: list[Any]) -> dict[str, list[Rule]]:
    """The rules by the action that they follow; none where another policy than the rules' has a say."""
    policies = [component for component in components if isinstance(component, Policy)]
    found: dict[str, list[Rule]] = defaultdict(list)
    if len(policies) != 1 or not isinstance(policies[0], RulePolicy):
        return found
    for key, leads_to in policies[0].lookup[RULES].items():
        state = json.loads(key)[-1]
        after = state.get("prev_action", {}).get("action_name")
        found[after].append(Rule(state.get("user", {}).get("intent"), tuple(state.get("slots", ())), leads_to))
    return found
