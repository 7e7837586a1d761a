"""A partner's rules in words, for tables that people read and compare."""

from __future__ import annotations

from mlconn_pipelines.x12.guide_rules import ReadyRule


def rule_words(rule: ReadyRule) -> str:
    """What a rule asks, without what it is about: `only EA or CA`, `required where BIG07 is CR`."""
    return demand_words(rule) + rule.circumstances + (f" ({rule.note})" if rule.note else "")


def demand_words(rule: ReadyRule) -> str:
    """The same without its circumstances and note."""
    values = " or ".join(rule.values)
    match rule.kind:
        case "required":
            return "required"
        case "forbidden":
            return "not wanted"
        case "fixed":
            return f"always {values}"
        case "codes":
            return f"only {values}"
        case "qualifiers":
            return f"qualifier only {values}"
        case "lengths_max":
            return f"at most {rule.limit} characters"
        case "lengths_min":
            return f"at least {rule.limit} characters"
        case "repeats_max":
            return f"at most {rule.limit} times" if rule.limit > 1 else "at most once"
