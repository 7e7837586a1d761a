"""Encryption of credentials and cached sessions: Fernet (AES-128-CBC with HMAC-SHA256), several keys so that they can rotate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.private_files import create_private, read_private, replace_private


class Vault:
    """keys: newest first; the first encrypts, all decrypt. Neither keys nor values are ever in a repr or a message.

    again: reads the keys once more, for a program that runs on while `credentials rotate` puts others in their place.
    """

    def __init__(self, keys: Sequence[str], again: Callable[[], Sequence[str]] | None = None) -> None:
        if not keys:
            raise VaultError("no vault key was given", "Set MLCONN_VAULT_KEY, or let the key file be created.")
        self._fernet = _fernet_of(keys)
        self._again = again

    def __repr__(self) -> str:
        return "Vault(keys hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a vault is not passed on between processes; each reads the key itself")

    def encrypt(self, values: Mapping[str, str]) -> bytes:
        """Ciphertext of names and values together."""
        return self._fernet.encrypt(json.dumps(dict(values)).encode())

    def decrypt(self, ciphertext: bytes, what: str = "this entry") -> dict[str, str]:
        """what: named in the error. Raises VaultError when none of the keys fits or the ciphertext was changed."""
        try:
            plain = self._plain(ciphertext)
        except InvalidToken:
            # `from None`: nothing of the cryptography's own traceback may carry the text along.
            raise VaultError(
                f"no vault key fits {what}",
                "Put the key it was encrypted with behind the newest in MLCONN_VAULT_KEY (or in the key file), "
                "or set the credential anew: mlconn credentials set NAME.",
            ) from None
        values: dict[str, str] = json.loads(plain)
        return values

    def _plain(self, ciphertext: bytes) -> bytes:
        try:
            return self._fernet.decrypt(ciphertext)
        except InvalidToken:
            if self._again is None:
                raise
            self._fernet = _fernet_of(self._again())
            return self._fernet.decrypt(ciphertext)

    def rotate(self, ciphertext: bytes, what: str = "this entry") -> bytes:
        """The same values encrypted with the newest key."""
        return self.encrypt(self.decrypt(ciphertext, what))


def new_key() -> str:
    """44 characters, URL-safe base64 of 32 random bytes."""
    return Fernet.generate_key().decode("ascii")


def vault_keys(from_environment: Sequence[str], key_file: Path, vault_is_empty: Callable[[], bool]) -> tuple[str, ...]:
    """MLCONN_VAULT_KEY when set, else the key file's lines, else a new key file, which only an empty vault may get.

    from_environment: newest first. vault_is_empty: asked only when there is neither. Raises VaultError when the vault
    holds entries and no key is there: a new key could read none of them.
    """
    if from_environment:
        return tuple(from_environment)
    try:
        return _keys_of(key_file)
    except FileNotFoundError:
        pass
    if not vault_is_empty():
        raise VaultError(
            f"the vault holds credentials, and neither MLCONN_VAULT_KEY nor {key_file} is there to read them with",
            "Put the key back from your backup. If it is lost: mlconn credentials remove every entry, then set them anew.",
        )
    key_file.parent.mkdir(parents=True, exist_ok=True)
    create_private(key_file, new_key() + "\n")  # False: another program was faster, and its key is the one
    return _keys_of(key_file)


def add_key(key_file: Path) -> tuple[str, ...]:
    """Put a new key before the others in the key file; returns all, newest first. Encrypt everything anew, then `keep_newest`."""
    keys = (new_key(), *_keys_of(key_file))
    replace_private(key_file, "\n".join(keys) + "\n")
    return keys


def keep_newest(key_file: Path) -> None:
    """Forget the older keys, once nothing is encrypted with them any more."""
    replace_private(key_file, _keys_of(key_file)[0] + "\n")


def _keys_of(key_file: Path) -> tuple[str, ...]:
    keys = tuple(line.strip() for line in read_private(key_file).splitlines() if line.strip())
    if not keys:
        raise VaultError(f"{key_file} is empty", "Put the key back from your backup.")
    return keys


def _fernet_of(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([_fernet(key, number) for number, key in enumerate(keys, start=1)])


def _fernet(key: str, number: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise VaultError(
            f"vault key {number} is no Fernet key",
            'Expected 44 characters of URL-safe base64. Make one: python -c "from cryptography.fernet import Fernet; '
            'print(Fernet.generate_key().decode())"',
        ) from None
