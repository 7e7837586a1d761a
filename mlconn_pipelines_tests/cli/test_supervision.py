"""What `mlconn up` does with processes that die: started again, and given up only when they die often in a short time."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from mlconn_pipelines.cli.service import DEATHS_MAX, DEATHS_WITHIN_S, Deaths, Service
from mlconn_pipelines.cli.services import Services
from mlconn_pipelines.errors import MlconnError

DAY_S = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def services_of(folder: Path, program: str) -> Services:
    services = Services(folder, dict(os.environ), 0)
    services.services = [Service("daemon", [sys.executable, "-c", program], os.environ, folder / "logs" / "daemon.log")]
    return services


def dies(services: Services) -> None:
    (service,) = services.services
    assert service.process is not None
    service.process.kill()
    service.process.wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path):
    made = services_of(tmp_path, "import time; print('so far', flush=True); time.sleep(60)")
    made.services[0].start()
    yield made
    made.stop()


def test_a_service_that_dies_once_a_day_is_started_again_for_ever(services: Services, clock: Clock) -> None:
    for _ in range(DEATHS_MAX * 2 + 1):
        clock.now += DAY_S
        dies(services)
        services.supervise(now=clock)
        assert services.services[0].alive


def test_one_that_keeps_dying_is_given_up_with_the_end_of_its_log(services: Services, clock: Clock) -> None:
    with pytest.raises(MlconnError, match=rf"daemon died {DEATHS_MAX + 1} times within 10 minutes") as given_up:
        for _ in range(DEATHS_MAX + 1):
            dies_when_it_has_spoken(services)
            services.supervise(now=clock)
            clock.now += 60.0  # the longest wait
            services.supervise(now=clock)
    assert "so far" in str(given_up.value)


def dies_when_it_has_spoken(services: Services) -> None:
    deadline = time.monotonic() + 20
    while not services.services[0].log.read_bytes().endswith(b"so far\n") and time.monotonic() < deadline:
        time.sleep(0.01)
    dies(services)


def test_while_the_database_is_away_nothing_is_started_and_no_death_is_counted_twice(services: Services, clock: Clock) -> None:
    dies(services)
    for _ in range(100):
        clock.now += 2.0
        services.supervise(lambda: False, clock)
    assert not services.services[0].alive and len(services.services[0].deaths.at) == 1
    services.supervise(lambda: True, clock)
    assert services.services[0].alive


def test_waits_between_starts_grow_and_old_deaths_are_forgotten() -> None:
    deaths = Deaths()
    waits = []
    for _ in range(8):
        deaths.note(0.0)
        waits.append(next(seconds for seconds in range(100) if deaths.may_start(float(seconds))))
    assert waits == [0, 2, 4, 8, 16, 32, 60, 60]
    assert deaths.too_many(DEATHS_WITHIN_S) and not deaths.too_many(DEATHS_WITHIN_S + 1)


def test_what_a_service_writes_is_for_its_user_alone_even_where_an_earlier_release_left_it_open(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    log = logs / "daemon.log"
    log.write_text("before\n")
    log.chmod(0o644)
    (service,) = services_of(tmp_path, "print('now')").services
    service.start()
    assert service.process is not None and service.process.wait() == 0
    assert log.read_text() == "before\nnow\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (logs, log)] == [0o700, 0o600]


@pytest.mark.parametrize("listens", [True, False])
def test_the_listener_is_one_of_the_services_where_there_is_something_to_listen_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listens: bool
) -> None:
    started: list[Service] = []
    monkeypatch.setattr(Service, "start", lambda service: started.append(service))
    monkeypatch.setattr("mlconn_pipelines.cli.services._wait_for_port", lambda service, port: None)
    Services(tmp_path, {}, 0, listens=listens).start()
    commands = {service.name: list(service.command)[1:] for service in started}
    assert commands.get("listener") == (["listen"] if listens else None)


def test_the_gateway_is_started_beside_the_others_once_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Service] = []
    monkeypatch.setattr(Service, "start", lambda service: started.append(service))
    services = Services(tmp_path, {}, 0)
    assert not services.gateway
    services.start_gateway(3001)
    assert services.gateway == "http://127.0.0.1:3001" and started == services.services
    assert list(started[0].command)[1:] == ["gateway", "--host", "127.0.0.1", "--port", "3001"]
