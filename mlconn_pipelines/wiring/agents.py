"""Agents as runs need them: the desk that gives them jobs, and the key out of the vault that these are signed with. No gateway has it."""

from __future__ import annotations

from collections.abc import Iterable

from mlconn_pipelines.agents.jobs import signed_job
from mlconn_pipelines.agents.keys import PublicKey, Signer, certified, new_private
from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.errors import MlconnError, VaultError
from mlconn_pipelines.flows.agent_desk import Desk
from mlconn_pipelines.settings import Settings
from mlconn_pipelines.wiring.stores import Stores, open_stores

JOB_KEY = "agent_job_key"
"""Name of the vault entry; what it holds is `private`, in hexadecimal digits."""

_NEW_KEY = "Run: mlconn agents job-key new --root FILE"


def job_signer(stores: Stores) -> Signer:
    """Errors: VaultError where there is no key, or none that can be read."""
    try:
        return Signer(bytes.fromhex(stores.credentials.credential(JOB_KEY)["private"]))
    except (KeyError, ValueError):
        raise VaultError(f"credential {JOB_KEY!r} holds no key that jobs can be signed with", _NEW_KEY) from None


def make_job_key(stores: Stores, root: Signer, valid_from: int, valid_until: int) -> PublicKey:
    """Told to agents before a run can sign with it. What was signed with the key before holds until that one ends."""
    private = new_private()
    key = PublicKey(Signer(private).public, valid_from, valid_until)
    stores.agents.publish_job_key(certified(root, key))
    stores.credentials.set(JOB_KEY, {"private": private.hex()})
    return key


def agents_are_named(integrations: Iterable[Integration]) -> bool:
    """Whether an integration reaches its system by an agent, whoever was invited yet."""
    return any(getattr(connection, "agent", "") for one in integrations for connection in one.ends.values())


def agents_are_expected(settings: Settings) -> bool:
    """Whether one was invited, or is enrolled. Not while the database gives no answer."""
    try:
        with open_stores(settings, with_vault=False) as stores:
            return stores.agents.any_expected()
    except MlconnError:
        return False


def desk_of(stores: Stores, integration: str, agent_id: str) -> Desk:
    """The vault is asked when a job is signed. Errors, of its methods: VaultError where there is no key."""
    return Desk(
        integration,
        agent_id,
        stores.agents,
        stores.agent_jobs,
        lambda job, now: signed_job(job, job_signer(stores), now),
        stores.queue.now,
    )
