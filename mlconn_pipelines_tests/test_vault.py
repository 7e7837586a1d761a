import pickle
import stat
import threading
import traceback

import pytest

from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.vault import Vault, add_key, keep_newest, new_key, vault_keys

SECRET = {"username": "edi", "password": "hunter2"}


def empty():
    return True


def filled():
    return False


def test_what_goes_in_comes_out_and_is_not_readable_in_between():
    vault = Vault([new_key()])
    ciphertext = vault.encrypt(SECRET)
    assert b"hunter2" not in ciphertext and b"username" not in ciphertext
    assert vault.decrypt(ciphertext) == SECRET


def test_an_old_key_still_reads_and_rotation_makes_it_dispensable():
    old, new = new_key(), new_key()
    ciphertext = Vault([old]).encrypt(SECRET)
    rotated = Vault([new, old]).rotate(ciphertext)
    assert Vault([new]).decrypt(rotated) == SECRET
    with pytest.raises(VaultError, match="no vault key fits credential 'sap'"):
        Vault([new]).decrypt(ciphertext, "credential 'sap'")


def test_a_program_that_runs_on_while_the_key_file_is_rotated_reads_the_new_keys(tmp_path):
    file = tmp_path / "home" / "vault.key"
    running = Vault(vault_keys((), file, empty), again=lambda: vault_keys((), file, filled))
    old = running.encrypt(SECRET)
    rotated = Vault(add_key(file)).rotate(old)
    keep_newest(file)
    assert running.decrypt(rotated) == SECRET
    assert Vault(vault_keys((), file, filled)).decrypt(running.encrypt(SECRET)) == SECRET
    with pytest.raises(VaultError, match="no vault key fits"):
        running.decrypt(old)


def test_changed_ciphertext_is_refused():
    vault = Vault([new_key()])
    ciphertext = bytearray(vault.encrypt(SECRET))
    ciphertext[-5] ^= 1
    with pytest.raises(VaultError):
        vault.decrypt(bytes(ciphertext))


def test_no_key_in_repr_error_or_traceback():
    key = "this-is-no-fernet-key-but-still-a-secret"
    with pytest.raises(VaultError) as refused:
        Vault([key])
    assert key not in "".join(traceback.format_exception(refused.value))
    good = new_key()
    vault = Vault([good])
    assert good not in repr(vault) and good not in str(vault)
    with pytest.raises(TypeError):
        pickle.dumps(vault)


def test_the_key_file_is_made_once_for_the_owner_alone(tmp_path):
    file = tmp_path / "home" / "vault.key"
    keys = vault_keys((), file, empty)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert vault_keys((), file, filled) == keys
    assert [path.name for path in file.parent.iterdir()] == ["vault.key"]


def test_a_lost_key_is_not_replaced_while_the_vault_holds_entries(tmp_path):
    file = tmp_path / "vault.key"
    with pytest.raises(VaultError, match="Put the key back"):
        vault_keys((), file, filled)
    assert not file.exists()


def test_the_environment_goes_before_the_file_and_writes_none(tmp_path):
    key = new_key()
    assert vault_keys((key,), tmp_path / "vault.key", empty) == (key,)
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    file = tmp_path / "vault.key"
    vault_keys((), file, empty)
    file.chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        vault_keys((), file, filled)


def test_programs_that_start_at_once_agree_on_one_key(tmp_path):
    found, together = [], threading.Barrier(8)

    def start():
        together.wait()
        found.append(vault_keys((), tmp_path / "vault.key", empty))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


def test_a_new_key_goes_first_and_the_old_ones_go_when_told(tmp_path):
    file = tmp_path / "vault.key"
    (old,) = vault_keys((), file, empty)
    keys = add_key(file)
    assert keys[1:] == (old,) and keys[0] != old
    keep_newest(file)
    assert vault_keys((), file, filled) == keys[:1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
